using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Catalog;

public sealed class DeletedItemsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly DeletedItems _deleted;

    public DeletedItemsTests() => _deleted = new DeletedItems(_time);

    [Fact]
    public void Current_DeletionsOfOneSecond_AreNamedUntilTheRevisionHasThem()
    {
        _deleted.Add(new ItemKey(1), "a", version: 10);
        _deleted.Add(new ItemKey(2), "b", version: 12);
        var first = _deleted.Current;
        _time.Advance(TimeSpan.FromSeconds(1));
        var second = _deleted.Current;

        Assert.Equal((0, "a b"), (first.Revision, string.Join(' ', first.Recent.Order())));
        Assert.Equal((12, 0), (second.Revision, second.Recent.Count));
        Assert.Same(second, _deleted.Current);
    }

    [Fact]
    public void Current_ItemThatIsBack_IsTakenFromTheNamedAndAdvancesTheRevision()
    {
        _deleted.Add(new ItemKey(1), "a", version: 10);
        _deleted.Remove(new ItemKey(1), "a", version: 11);

        Assert.False(_deleted.Contains(new ItemKey(1)));
        Assert.Empty(_deleted.Current.Recent);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(11, _deleted.Current.Revision);
    }

    [Fact]
    public void Current_MoreThanAThousandAtOnce_AdvancesTheRevisionInsteadOfNamingThem()
    {
        for (var item = 0; item < 2500; item++) _deleted.Add(new ItemKey(item), $"i{item}", version: item + 1);

        var state = _deleted.Current;
        Assert.Equal(2500, _deleted.Count);
        // What the revision does not have is named: between them nothing is forgotten.
        Assert.InRange(state.Recent.Count, 1, 1000);
        Assert.Equal(2500, state.Revision + state.Recent.Count);
    }

    [Fact]
    public void Current_NothingDeleted_NeverChanges()
    {
        var state = _deleted.Current;
        _deleted.Remove(new ItemKey(4), "never deleted", version: 5);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Same(state, _deleted.Current);
    }

    [Fact]
    public void Restore_DeletionsOfACheckpoint_AreInTheFirstRevision()
    {
        _deleted.Restore(new ItemKey(1), version: 30);
        _deleted.Restore(new ItemKey(2), version: 20);

        Assert.Equal((2, 30L, 0), (_deleted.Count, _deleted.Current.Revision, _deleted.Current.Recent.Count));
    }
}
