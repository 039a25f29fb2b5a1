using System.Collections.Concurrent;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>Sets of texts: for each text the items whose sets have it. One writer, wait-free readers.</summary>
internal sealed class TextSetColumn : AttributeColumn
{
    private readonly ConcurrentDictionary<string, ItemSet> _itemsOf = new(StringComparer.Ordinal);
    private readonly ItemSet _having = new();

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.TextSet;

    /// <summary>Distinct texts.</summary>
    public int TextCount => _itemsOf.Count;

    /// <inheritdoc/>
    public override long SizeBytes => _having.SizeBytes + _itemsOf.Sum(text => (2L * text.Key.Length) + text.Value.SizeBytes);

    /// <summary>Finds the items whose sets have a text; false where none ever had.</summary>
    public bool TryGetItems(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ItemSet? items) => _itemsOf.TryGetValue(text, out items);

    /// <inheritdoc/>
    public override bool Has(ItemKey item) => _having.Contains(item);

    private protected override void Store(ItemKey item, AttributeValue? value, AttributeValue? before)
    {
        foreach (var text in before?.TextSet ?? [])
        {
            if (value?.TextSet.Contains(text, StringComparer.Ordinal) == true || !_itemsOf.TryGetValue(text, out var items)) continue;
            items.Remove(item);
            // Nobody is in it any more: a text that comes and goes must not leave anything behind.
            if (items.Count == 0) _itemsOf.TryRemove(text, out _);
        }

        foreach (var text in value?.TextSet ?? []) _itemsOf.GetOrAdd(text, _ => new ItemSet()).Add(item);
        if (value is null) _having.Remove(item);
        else _having.Add(item);
    }
}
