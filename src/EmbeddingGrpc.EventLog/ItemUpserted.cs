namespace EmbeddingGrpc.EventLog;

/// <summary>An item's attributes were set.</summary>
/// <param name="ItemId">1..256 bytes of UTF-8 without control characters.</param>
/// <param name="Attributes">At most <see cref="MaximumAttributeBytes"/>; the log does not look inside.</param>
public sealed record ItemUpserted(string ItemId, ReadOnlyMemory<byte> Attributes) : LogRecord
{
    /// <summary>Bytes that the attributes of one item may take.</summary>
    public const int MaximumAttributeBytes = 1024 * 1024;

    /// <summary>By content.</summary>
    public bool Equals(ItemUpserted? other) => other is not null && ItemId == other.ItemId && Attributes.Span.SequenceEqual(other.Attributes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ItemId, Attributes.Length);
}
