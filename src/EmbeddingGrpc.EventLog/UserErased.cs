namespace EmbeddingGrpc.EventLog;

/// <summary>A user asked to be forgotten: nothing of them before this entry may be used, and what can be removed is.</summary>
/// <param name="UserHash">1..64 bytes: a keyed hash of the id, so that the record itself names nobody.</param>
public sealed record UserErased(ReadOnlyMemory<byte> UserHash) : LogRecord
{
    /// <summary>Bytes that a hash may take.</summary>
    public const int MaximumHashBytes = 64;

    /// <summary>By content.</summary>
    public bool Equals(UserErased? other) => other is not null && UserHash.Span.SequenceEqual(other.UserHash.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(UserHash.Span);
        return hash.ToHashCode();
    }
}
