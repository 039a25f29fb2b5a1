using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>The values of one attribute by item key, in the form that filters ask. One writer, wait-free readers.</summary>
internal abstract class AttributeColumn
{
    private int _count;

    /// <summary>Items that have the attribute.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What it holds.</summary>
    public abstract AttributeType Type { get; }

    /// <summary>Memory held, in bytes.</summary>
    public abstract long SizeBytes { get; }

    /// <summary>Whether an item has the attribute.</summary>
    public abstract bool Has(ItemKey item);

    /// <summary>Sets an item's value, or with null removes it. Writer only.</summary>
    /// <param name="item">The item.</param>
    /// <param name="value">Of the column's type.</param>
    /// <param name="before">The value that it has now; null for none.</param>
    public void Set(ItemKey item, AttributeValue? value, AttributeValue? before)
    {
        Store(item, value, before);
        Volatile.Write(ref _count, _count + (value is null ? 0 : 1) - (before is null ? 0 : 1));
    }

    /// <summary>An empty column.</summary>
    public static AttributeColumn Of(AttributeType type) => type switch
    {
        AttributeType.Text => new TextColumn(),
        AttributeType.TextSet => new TextSetColumn(),
        AttributeType.Number => new NumberColumn(),
        AttributeType.Boolean => new BooleanColumn(),
        AttributeType.Timestamp => new TimestampColumn(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such type of attribute."),
    };

    private protected abstract void Store(ItemKey item, AttributeValue? value, AttributeValue? before);
}
