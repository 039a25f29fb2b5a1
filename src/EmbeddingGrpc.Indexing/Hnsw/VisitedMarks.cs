namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Which nodes a walk has seen: a byte for each that holds the number of the walk that saw it last, so that starting a walk clears nothing
/// (but once in 255).
/// </summary>
internal readonly unsafe ref struct VisitedMarks(byte* marks, byte epoch)
{
    /// <summary>First mark.</summary>
    public byte* Marks { get; } = marks;

    /// <summary>What marks a node as seen.</summary>
    public byte Epoch { get; } = epoch;
}
