namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Distances between items, for choosing links: half the squared Euclidean distance in the space where links are chosen, up to a number that
/// is the same for all pairs. A type of its own for each kind, so that choosing is compiled for it.
/// </summary>
internal unsafe interface IDistanceSpace
{
    /// <summary>Makes an item the one that distances are measured from.</summary>
    void Center(int item);

    /// <summary>Measures the distances from the center.</summary>
    /// <param name="items">[count].</param>
    /// <param name="count">How many.</param>
    /// <param name="distances">[count] rounded up to a multiple of four; overwritten.</param>
    void Measure(uint* items, int count, float* distances);
}
