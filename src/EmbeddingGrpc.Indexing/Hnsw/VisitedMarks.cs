namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Which nodes a walk has seen: a bit for each, few enough to stay in the nearest caches, and the list of them in the order they were met,
/// from which the bits are cleared afterwards.
/// </summary>
internal readonly unsafe ref struct VisitedMarks(ulong* marks, uint* log)
{
    /// <summary>[nodes / 64 + 1] words; one bit after the last node is always set.</summary>
    public ulong* Marks { get; } = marks;

    /// <summary>Room for every node, and for what one node's links can add.</summary>
    public uint* Log { get; } = log;
}
