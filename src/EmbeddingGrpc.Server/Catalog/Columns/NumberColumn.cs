using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>Finite numbers; 8 bytes an item. One writer, wait-free readers.</summary>
internal sealed class NumberColumn : AttributeColumn
{
    private readonly ChunkedValues<double> _values = new(double.NaN);

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Number;

    /// <inheritdoc/>
    public override long SizeBytes => _values.SizeBytes;

    /// <summary>An item's number; NaN, which is in no range, for none.</summary>
    public double this[ItemKey item] => _values[item.Value];

    /// <summary>Shows the values of all items, absent ones included, to a visitor.</summary>
    public bool Visit<TVisitor>(TVisitor visitor)
        where TVisitor : struct, IValueVisitor<double> => _values.Visit(visitor);

    /// <inheritdoc/>
    public override bool Has(ItemKey item) => !double.IsNaN(_values[item.Value]);

    private protected override void Store(ItemKey item, AttributeValue? value, AttributeValue? before) => _values.Set(item.Value, value?.Number ?? double.NaN);
}
