using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Turns rows of codes into the integer keys that a walk sorts by: smaller is nearer. A type, not an instance, so that the walk is compiled
/// once for each and a distance is never a call through a delegate.
/// </summary>
internal unsafe interface IWalkKeys
{
    /// <summary>Computes the keys of several rows.</summary>
    /// <param name="rows">First row of the table.</param>
    /// <param name="items">[count] numbers of rows, readable and valid up to a multiple of four.</param>
    /// <param name="count">How many.</param>
    /// <param name="query">The query.</param>
    /// <param name="keys">[count] rounded up to a multiple of four; overwritten.</param>
    static abstract void Compute(byte* rows, uint* items, int count, in QueryCode query, int* keys);

    /// <summary>Half the squared Euclidean distance in the space of the codes, up to a number that is the same for all rows.</summary>
    static abstract float Distance(int key, in QueryCode query);

    /// <summary>The key of what is farther by a distance in that measure; the largest there is where that exceeds what keys can hold.</summary>
    static abstract int Farther(int key, float distance, in QueryCode query);
}
