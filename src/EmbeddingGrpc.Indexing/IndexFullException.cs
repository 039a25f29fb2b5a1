namespace EmbeddingGrpc.Indexing;

/// <summary>An index holds as many items as it has address space for; a compacted one has room again.</summary>
public sealed class IndexFullException(int items)
    : Exception($"The index holds {items} items and has no room for another: build it anew.")
{
    /// <summary>Items that it holds, deleted ones included.</summary>
    public int Items { get; } = items;
}
