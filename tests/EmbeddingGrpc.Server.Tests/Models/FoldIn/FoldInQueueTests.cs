using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

public sealed class FoldInQueueTests
{
    [Fact]
    public void TryTakeFirst_SeveralWait_TakesWhatWasSeenLast()
    {
        var queue = new FoldInQueue(mostBetter: 10);
        var items = New(4);
        foreach (var item in items) queue.Add(item);
        queue.Add(items[1]);

        Assert.Equal((4, 0), (queue.First, queue.Better));
        Assert.Equal([1, 3, 2, 0], Drain(queue.TryTakeFirst));
        Assert.Equal(0, queue.First);
    }

    [Fact]
    public void Add_ItemsWithVectors_WaitApartAndOnce()
    {
        var queue = new FoldInQueue(mostBetter: 10);
        var items = New(3);
        items[0].Folded();
        foreach (var item in items) queue.Add(item);
        queue.Add(items[0]);

        Assert.Equal([2, 1], Drain(queue.TryTakeFirst));
        Assert.Equal([0], Drain(queue.TryTakeBetter));
    }

    [Fact]
    public void Add_MoreWithVectorsThanMayWait_DropsWhatWasSeenLongestAgoAndTakesItAgainLater()
    {
        var queue = new FoldInQueue(mostBetter: 2);
        var items = New(3);
        foreach (var item in items) item.Folded();

        Assert.Equal([false, false, true], items.Select(queue.Add));
        Assert.Equal(2, queue.Better);
        Assert.True(queue.Add(items[0]));
        Assert.Equal([0, 2], Drain(queue.TryTakeBetter));
    }

    [Fact]
    public void Add_ManyWithoutVectors_DropsNone()
    {
        var queue = new FoldInQueue(mostBetter: 2);

        Assert.All(New(100), item => Assert.False(queue.Add(item)));
        Assert.Equal(100, queue.First);
    }

    private delegate bool Take(out FoldInItem? item);

    private static List<FoldInItem> New(int count) => [.. Enumerable.Range(0, count).Select(key => new FoldInItem(new ItemKey(key)))];

    private static List<int> Drain(Take take)
    {
        var keys = new List<int>();
        while (take(out var item)) keys.Add(item!.Key.Value);
        return keys;
    }
}
