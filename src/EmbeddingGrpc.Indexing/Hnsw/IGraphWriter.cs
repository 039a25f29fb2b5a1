namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Changes a graph while others search it. Called by one thread at a time.</summary>
internal interface IGraphWriter : IDisposable
{
    /// <summary>The graph as it is now; a new one replaces it when a part does.</summary>
    HnswGraph Graph { get; }

    /// <summary>Memory held beside the graph, in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>Deleted items that still lead on, and cost every walk: not those that the graph was built without.</summary>
    int Tombstones { get; }

    /// <summary>Appends an item.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="IndexFullException">There is no address space for another.</exception>
    int Insert(ReadOnlySpan<float> vector);

    /// <summary>Makes an item no longer be answered.</summary>
    /// <returns>Whether it was before.</returns>
    bool Delete(int item);

    /// <summary>Makes a deleted item be answered again.</summary>
    /// <returns>Whether it was deleted.</returns>
    bool Restore(int item);

    /// <summary>Looks for live items that cannot be reached and links them.</summary>
    /// <returns>How many there were.</returns>
    int Repair();
}
