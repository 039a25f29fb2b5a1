using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Packed codes by product (cosine, dot product).</summary>
internal readonly unsafe struct PackedSphereKeys : IWalkKeys
{
    /// <inheritdoc/>
    public static void Compute(byte* rows, uint* items, int count, in QueryCode query, int* keys)
    {
        PackedKernels.Products(rows, query.Layout, items, count, query.Pointer, keys);
        for (var i = 0; i < count; i++) keys[i] = -keys[i];
    }

    /// <inheritdoc/>
    public static float Distance(int key, in QueryCode query) => key * query.Scale;

    /// <inheritdoc/>
    public static int Farther(int key, float distance, in QueryCode query) => (int)Math.Min(int.MaxValue, key + ((double)distance / query.Scale));
}
