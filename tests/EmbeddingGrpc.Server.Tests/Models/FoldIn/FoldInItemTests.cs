using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

public sealed class FoldInItemTests
{
    [Fact]
    public void Add_ThousandContexts_AsksForVectorsAtOneThreeTenThirty()
    {
        var item = new FoldInItem(new ItemKey(1));
        var asked = new List<long>();
        for (var context = 1; context <= 1000; context++)
        {
            if (!item.Add(new FoldInContext(new ItemOrdinal(context), 1, IsBefore: true))) continue;
            asked.Add(context);
            item.Folded();
        }

        Assert.Equal([1, 3, 10, 30, 100, 300, 1000], asked);
    }

    [Fact]
    public void Folded_AfterABacklog_SkipsTheStepsThatWereMissed()
    {
        var item = new FoldInItem(new ItemKey(1));
        for (var context = 0; context < 12; context++) item.Add(new FoldInContext(new ItemOrdinal(context), 1, IsBefore: true));

        item.Folded();

        Assert.True(item.IsFolded);
        Assert.Equal(30, item.RefineAt);
    }

    [Fact]
    public void Add_MoreThanAreKept_ForgetsTheOldest()
    {
        var item = new FoldInItem(new ItemKey(1));
        for (var context = 0; context < 200; context++) item.Add(new FoldInContext(new ItemOrdinal(context), 1, IsBefore: true));

        Assert.Equal(200, item.ContextsSeen);
        Assert.Equal(Enumerable.Range(200 - item.Contexts.Count, item.Contexts.Count), item.Contexts.Select(context => context.Item.Value).Order());
    }
}
