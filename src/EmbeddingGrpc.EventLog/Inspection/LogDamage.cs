namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>A part of a segment that cannot be read.</summary>
/// <param name="Position">The byte where it begins.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="IsTornTail">True where it is what a crash leaves behind: the next start cuts it off, and nothing that was acknowledged is in it.</param>
public sealed record LogDamage(long Position, long Length, string Reason, bool IsTornTail);
