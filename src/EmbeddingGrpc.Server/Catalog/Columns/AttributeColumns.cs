using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>The columns of a catalogue by attribute name. One writer, wait-free readers, who may see an item's attributes change one after the other.</summary>
internal sealed class AttributeColumns
{
    private readonly ConcurrentDictionary<string, AttributeColumn> _columns = new(StringComparer.Ordinal);

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _columns.Values.Sum(column => column.SizeBytes);

    /// <summary>Finds the column of a name that some item has had.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out AttributeColumn? column) => _columns.TryGetValue(name, out column);

    /// <summary>Replaces an item's attributes. Writer only.</summary>
    /// <param name="item">The item.</param>
    /// <param name="values">What it has from now on.</param>
    /// <param name="before">What it had.</param>
    public void Set(ItemKey item, IReadOnlyDictionary<string, AttributeValue> values, IReadOnlyDictionary<string, AttributeValue> before)
    {
        foreach (var (name, old) in before)
        {
            if (!values.ContainsKey(name) && _columns.TryGetValue(name, out var column)) column.Set(item, null, old);
        }

        foreach (var (name, value) in values)
        {
            var column = _columns.GetOrAdd(name, _ => AttributeColumn.Of(value.Type));
            column.Set(item, value, before.GetValueOrDefault(name));
        }
    }
}
