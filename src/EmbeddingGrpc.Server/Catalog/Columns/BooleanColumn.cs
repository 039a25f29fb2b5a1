using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>Truths; a byte an item. One writer, wait-free readers.</summary>
internal sealed class BooleanColumn : AttributeColumn
{
    private const byte None = 0;
    private const byte False = 1;
    private const byte True = 2;

    private readonly ChunkedValues<byte> _values = new(None);

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Boolean;

    /// <inheritdoc/>
    public override long SizeBytes => _values.SizeBytes;

    /// <summary>Whether an item has this value.</summary>
    public bool Is(ItemKey item, bool value) => _values[item.Value] == Stored(value);

    /// <summary>Lists the items that have a value; false where they do not fit.</summary>
    public bool TryList(bool value, FewItems items) => _values.Visit(new WithValue(Stored(value), items));

    /// <inheritdoc/>
    public override bool Has(ItemKey item) => _values[item.Value] != None;

    private protected override void Store(ItemKey item, AttributeValue? value, AttributeValue? before) =>
        _values.Set(item.Value, value is null ? None : Stored(value.Boolean));

    private static byte Stored(bool value) => value ? True : False;

    private readonly struct WithValue(byte wanted, FewItems items) : IValueVisitor<byte>
    {
        public bool Visit(int index, byte value) => value != wanted || items.TryAdd(new ItemKey(index));
    }
}
