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

    /// <summary>Whether what a write needs to know is known: it is found out at the first write or <see cref="Repair"/>, by a walk through all links.</summary>
    bool IsReady { get; }

    /// <summary>Looks for live items that cannot be reached and links them, by a walk through all links.</summary>
    /// <returns>How many there were.</returns>
    int Repair();

    /// <summary>
    /// Walks through all links for live items that are not reached. Any thread, beside the writer: an item whose links change meanwhile may be among them
    /// without need, and only then.
    /// </summary>
    /// <param name="cancellationToken">Checked now and then.</param>
    List<int> FindUnreached(CancellationToken cancellationToken);

    /// <summary>Whether a chain of links leads from the entry to an item, by what the writer knows and by the links as they are.</summary>
    bool IsLed(int item);
}
