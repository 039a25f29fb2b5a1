using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class KeyMapTests
{
    private readonly ItemKeys _items = new();

    [Fact]
    public void TryGet_KeysGivenBeforeAndAfterTheFirstQuestion_AreFound()
    {
        _items.GetOrAdd("elsewhere");
        var early = _items.GetOrAdd("item-2");
        var map = new KeyMap(TestGenerations.VocabularyOf("item-0", "item-1", "item-2"), _items);

        Assert.True(map.TryGet(new ItemOrdinal(2), out var found));
        Assert.Equal(early, found);
        Assert.False(map.TryGet(new ItemOrdinal(0), out _));
        Assert.False(map.TryGet(new ItemOrdinal(0), out _));
        var late = _items.GetOrAdd("item-0");
        Assert.True(map.TryGet(new ItemOrdinal(0), out found));
        Assert.Equal(late, found);
        Assert.False(map.TryGet(new ItemOrdinal(1), out _));
    }

    [Fact]
    public void TryGet_FoldedInItem_HasTheKeyThatWasSet()
    {
        var map = new KeyMap(TestGenerations.VocabularyOf("item-0"), _items);
        Assert.False(map.TryGet(new ItemOrdinal(1), out _));
        map.Set(new ItemOrdinal(1), new ItemKey(7));

        Assert.True(map.TryGet(new ItemOrdinal(1), out var found));
        Assert.Equal(new ItemKey(7), found);
    }
}
