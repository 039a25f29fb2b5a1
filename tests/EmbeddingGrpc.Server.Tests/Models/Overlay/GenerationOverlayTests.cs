using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Overlay;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Models.Overlay;

public sealed class GenerationOverlayTests : IDisposable
{
    private const int Dimension = 8;

    private readonly ItemKeys _items = new();
    private readonly Generation _generation;

    public GenerationOverlayTests()
    {
        for (var item = 0; item < 5; item++) _items.GetOrAdd($"item-{item}");
        _generation = new Generation(TestGenerations.Parts(items: 5, dimension: Dimension), _items);
    }

    [Fact]
    public void FoldIn_NewItem_IsKnownByIdKeyAndOrdinalWithItsVectors()
    {
        var key = _items.GetOrAdd("new");
        Assert.False(_generation.TryGetOrdinal(key, out _));

        _generation.FoldIn(key, Row(1), Row(2), default);

        Assert.True(_generation.TryGetOrdinal(key, out var byKey));
        Assert.True(_generation.TryGetOrdinal("new", out var byId));
        Assert.Equal((byKey, 5, 6), (byId, byId.Value, _generation.ItemCount));
        Assert.True(_generation.IsCold(byId));
        Assert.Equal("new", _generation.IdOf(byId));
        Assert.Equal(Row(1), _generation.InputOf(byId).ToArray());
        Assert.Equal(Row(2), _generation.OutputOf(byId).ToArray());
        Assert.Equal(Row(1), _generation.SimilarityOf(byId).ToArray());
        Assert.True(_generation.OverlayBytes > 0);
    }

    [Fact]
    public void FoldIn_KnownOnce_KeepsItsOrdinalAndHasTheNewerVectors()
    {
        var key = _items.GetOrAdd("new");
        _generation.FoldIn(key, Row(1), Row(2), default);
        _generation.TryGetOrdinal(key, out var before);
        var held = _generation.InputOf(before);

        _generation.FoldIn(key, Row(3), Row(4), default);

        _generation.TryGetOrdinal(key, out var after);
        Assert.Equal((before, 6), (after, _generation.ItemCount));
        Assert.Equal("new", _generation.IdOf(after));
        Assert.Equal(Row(3), _generation.InputOf(after).ToArray());
        Assert.Equal(Row(4), _generation.OutputOf(after).ToArray());
        // A reader that asked before goes on with what it saw.
        Assert.Equal(Row(1), held.ToArray());
    }

    [Fact]
    public void RowsOf_ItemsWithMovedVectors_AreTheRowsTheyHaveNow()
    {
        using var overlay = new GenerationOverlay(baseItems: 5, Dimension, hasSimilarity: false);
        for (var item = 5; item < 8; item++) overlay.AddItem(new ItemKey(item), [(byte)'a'], overlay.AddRow(new ItemOrdinal(item), Row(1), Row(2), default));
        overlay.MoveItem(new ItemOrdinal(5), overlay.AddRow(new ItemOrdinal(5), Row(3), Row(4), default));

        Assert.Null(overlay.RowsOf(null, isOverlayOnly: false));
        Assert.Equal([0, 3], Rows([0, 3], isOverlayOnly: false));
        Assert.Equal([0, 3, 6, 8], Rows([0, 3, 5, 6, 8, 9], isOverlayOnly: false));
        Assert.Equal([6, 8], Rows([0, 3, 5, 6, 8, 9], isOverlayOnly: true));
        Assert.Equal([], Rows([0, 3], isOverlayOnly: true));
        Assert.Equal([], Rows([], isOverlayOnly: false));

        int[] Rows(int[] items, bool isOverlayOnly) => Array.ConvertAll(overlay.RowsOf(Array.ConvertAll(items, item => new ItemOrdinal(item)), isOverlayOnly)!, row => row.Value);
    }

    [Fact]
    public void FoldIn_ItemOfTheBase_IsRefused()
    {
        Assert.True(_items.TryGet("item-1", out var key));

        var error = Assert.Throws<ArgumentException>(() => _generation.FoldIn(key, Row(1), Row(2), default));

        Assert.Contains("item-1", error.Message, StringComparison.Ordinal);
        Assert.Equal(5, _generation.ItemCount);
    }

    [Fact]
    public async Task FoldIn_WhileReadersAsk_EveryReaderSeesWholeItems()
    {
        const int items = 5000;
        var keys = Enumerable.Range(0, items).Select(item => _items.GetOrAdd($"new-{item}")).ToArray();
        var wrong = 0;
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                for (var item = 0; item < items; item++)
                {
                    if (!_generation.TryGetOrdinal(keys[item], out var ordinal)) continue;
                    var whole = _generation.IdOf(ordinal) == $"new-{item}" && _generation.InputOf(ordinal).IndexOfAnyExcept((float)(item + 1)) < 0;
                    if (!whole) Interlocked.Increment(ref wrong);
                }
            }
        }, TestContext.Current.CancellationToken)).ToArray();

        for (var item = 0; item < items; item++) _generation.FoldIn(keys[item], Row(item + 1), Row(item + 1), default);
        await stop.CancelAsync();
        await Task.WhenAll(readers);

        Assert.Equal(0, wrong);
        // Readers that asked too early have not made the map forget one.
        for (var item = 0; item < items; item++) Assert.True(_generation.TryGetOrdinal(keys[item], out _), $"new-{item}");
    }

    public void Dispose() => _generation.Release();

    private static float[] Row(float value) => [.. Enumerable.Repeat(value, Dimension)];
}
