namespace EmbeddingGrpc.Server.Cache;

/// <summary>One field of an encoded message.</summary>
/// <param name="number">Field number.</param>
/// <param name="encoded">Tag and value as they lie in the message.</param>
/// <param name="value">The value of a fixed or length-delimited field; empty for a varint.</param>
internal readonly ref struct EncodedField(int number, ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> value)
{
    public int Number { get; } = number;

    public ReadOnlySpan<byte> Encoded { get; } = encoded;

    public ReadOnlySpan<byte> Value { get; } = value;
}
