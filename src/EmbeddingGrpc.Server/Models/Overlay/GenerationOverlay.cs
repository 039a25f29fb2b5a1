using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>
/// Items that a generation was not trained on: each has an ordinal behind those of the vocabulary, which it keeps as long as the generation lives,
/// and a row of vectors, which is replaced when it gets better ones. One writer, wait-free readers.
/// </summary>
/// <remarks>Rows are never overwritten: a reader may hold one. An index knows rows; everyone else knows items.</remarks>
internal sealed class GenerationOverlay(int baseItems, int dimension, bool hasSimilarity) : IDisposable
{
    private readonly AppendOnlyList<OverlayItem> _items = new();
    private readonly AppendOnlyList<int> _itemOfRow = new();
    private readonly AppendOnlyRows _input = new(dimension);
    private readonly AppendOnlyRows _output = new(dimension);
    private readonly AppendOnlyRows? _similarity = hasSimilarity ? new AppendOnlyRows(dimension) : null;

    /// <summary>Items of the vocabulary, whose ordinals come first.</summary>
    public int BaseItems => baseItems;

    /// <summary>Items of the overlay.</summary>
    public int Count => _items.Count;

    /// <summary>Rows of the overlay: at least one an item.</summary>
    public int RowCount => _itemOfRow.Count;

    /// <summary>Native memory held, in bytes.</summary>
    public long SizeBytes => _input.SizeBytes + _output.SizeBytes + (_similarity?.SizeBytes ?? 0);

    /// <summary>Whether an ordinal is one of the overlay's.</summary>
    public bool Contains(ItemOrdinal item) => item.Value >= baseItems;

    /// <summary>The id of an item of the overlay.</summary>
    public ReadOnlySpan<byte> Utf8IdOf(ItemOrdinal item) => ItemAt(item).Utf8Id;

    /// <summary>The key of an item of the overlay.</summary>
    public ItemKey KeyOf(ItemOrdinal item) => ItemAt(item).Key;

    /// <summary>W1 of an item of the overlay.</summary>
    public ReadOnlySpan<float> InputOf(ItemOrdinal item) => _input[RowOf(item)];

    /// <summary>W2 of an item of the overlay.</summary>
    public ReadOnlySpan<float> OutputOf(ItemOrdinal item) => _output[RowOf(item)];

    /// <summary>Its row in the space of similar items.</summary>
    public ReadOnlySpan<float> SimilarityOf(ItemOrdinal item) => (_similarity ?? _input)[RowOf(item)];

    /// <summary>The item of a row, counted from 0 in the overlay.</summary>
    public ItemOrdinal ItemOf(int row) => new(baseItems + _itemOfRow[row]);

    /// <summary>The row of an item, counted from 0 in the overlay.</summary>
    public int RowOf(ItemOrdinal item) => Volatile.Read(ref ItemAt(item).Row);

    /// <summary>The rows of an index that items have: those of the vocabulary their own, those of the overlay where they were put.</summary>
    /// <param name="items">In ascending order; those that the overlay does not have yet are passed over.</param>
    /// <param name="isOverlayOnly">Whether those of the vocabulary are left out.</param>
    /// <returns>In ascending order; null for null.</returns>
    public ItemOrdinal[]? RowsOf(ItemOrdinal[]? items, bool isOverlayOnly)
    {
        if (items is null) return null;
        var known = baseItems + Count;
        var first = FirstFrom(items, baseItems);
        var end = FirstFrom(items, known);
        if (first == items.Length && !isOverlayOnly) return items;
        ItemOrdinal[] rows = [.. isOverlayOnly ? [] : items[..first], .. items[first..end].Select(item => new ItemOrdinal(baseItems + RowOf(item)))];
        rows.AsSpan(isOverlayOnly ? 0 : first).Sort(static (left, right) => left.Value.CompareTo(right.Value));
        return rows;
    }

    /// <summary>Puts vectors in place, of which no reader knows yet. Writer only; <see cref="AddItem"/> or <see cref="MoveItem"/> follows.</summary>
    /// <param name="item">The item; the next one of the overlay where it is new.</param>
    /// <param name="input">W1, [dimension].</param>
    /// <param name="output">W2, [dimension].</param>
    /// <param name="similarity">[dimension]; not read where similar items are searched in W1.</param>
    /// <returns>The row, counted from 0 in the overlay.</returns>
    public int AddRow(ItemOrdinal item, ReadOnlySpan<float> input, ReadOnlySpan<float> output, ReadOnlySpan<float> similarity)
    {
        _input.Add(input);
        _output.Add(output);
        _similarity?.Add(similarity);
        return _itemOfRow.Add(item.Value - baseItems);
    }

    /// <summary>Shows the next item to readers. Writer only.</summary>
    public void AddItem(ItemKey key, byte[] utf8Id, int row) => _items.Add(new OverlayItem(key, utf8Id, row));

    /// <summary>Shows an item at another row to readers. Writer only.</summary>
    public void MoveItem(ItemOrdinal item, int row) => Volatile.Write(ref ItemAt(item).Row, row);

    /// <inheritdoc/>
    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
        _similarity?.Dispose();
    }

    private static int FirstFrom(ItemOrdinal[] items, int least)
    {
        var (low, high) = (0, items.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (items[middle].Value < least) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private ref OverlayItem ItemAt(ItemOrdinal item) => ref _items[item.Value - baseItems];
}
