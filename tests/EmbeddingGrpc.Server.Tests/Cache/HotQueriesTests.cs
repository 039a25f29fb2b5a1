using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class HotQueriesTests
{
    private readonly HotQueries _hot = new(new RecallCacheKeys(new RecallOptions(), new RecallCacheOptions()), capacity: 40);

    [Fact]
    public void Hottest_SomeAskedMore_AreThoseInTheirOrder()
    {
        for (var item = 0; item < 10; item++)
            for (var asked = 0; asked <= item; asked++)
                Ask(item);

        Assert.Equal(["9", "8", "7"], Hottest(3));
    }

    [Fact]
    public void Hottest_OtherNumberOfItems_IsAnotherQuery()
    {
        _hot.Asked("m", Query(1) with { K = 5 });
        _hot.Asked("m", Query(1) with { K = 6 });

        Assert.Equal([5, 6], _hot.Hottest(10).Select(query => query.K).Order());
    }

    [Fact]
    public void Hottest_LongTailBetweenThem_FindsTheHotOnes()
    {
        var random = new Random(3);
        for (var asked = 0; asked < 20_000; asked++) Ask(asked % 2 == 0 ? random.Next(5) : 100 + random.Next(10_000));

        Assert.Equal(["0", "1", "2", "3", "4"], Hottest(5).Order());
    }

    [Fact]
    public void Hottest_TrafficMovedOn_FollowsIt()
    {
        for (var asked = 0; asked < 5000; asked++) Ask(asked % 30);
        for (var asked = 0; asked < 20_000; asked++) Ask(asked % 2 == 0 ? 500 : 1000 + asked);

        Assert.Equal("500", Hottest(1).Single());
    }

    private static RecallQuery Query(int item) => new() { Subject = new ItemSubject($"{item}") };

    private void Ask(int item) => _hot.Asked("m", Query(item));

    private IEnumerable<string> Hottest(int count) => _hot.Hottest(count).Select(query => ((ItemSubject)query.Subject).ItemId);
}
