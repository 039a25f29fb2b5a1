using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>Points in time, as ticks of UTC; 8 bytes an item. One writer, wait-free readers.</summary>
internal sealed class TimestampColumn : AttributeColumn
{
    /// <summary>Stands for no time.</summary>
    public const long None = long.MinValue;

    private readonly ChunkedValues<long> _ticks = new(None);

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Timestamp;

    /// <inheritdoc/>
    public override long SizeBytes => _ticks.SizeBytes;

    /// <summary>An item's time in ticks of UTC, or <see cref="None"/>.</summary>
    public long this[ItemKey item] => _ticks[item.Value];

    /// <summary>Shows the values of all items, absent ones included, to a visitor.</summary>
    public bool Visit<TVisitor>(TVisitor visitor)
        where TVisitor : struct, IValueVisitor<long> => _ticks.Visit(visitor);

    /// <inheritdoc/>
    public override bool Has(ItemKey item) => _ticks[item.Value] != None;

    private protected override void Store(ItemKey item, AttributeValue? value, AttributeValue? before) => _ticks.Set(item.Value, value?.Timestamp.UtcTicks ?? None);
}
