using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>8-bit codes of rows of one length (cosine, dot product): the product alone decides.</summary>
internal readonly unsafe struct SphereKeys : IWalkKeys
{
    /// <inheritdoc/>
    public static void Compute(byte* rows, uint* items, int count, in QueryCode query, int* keys)
    {
        CodeKernels.Products(rows, query.Length, items, count, query.Pointer, keys);
        for (var i = 0; i < count; i++) keys[i] = -keys[i];
    }

    /// <inheritdoc/>
    public static float Distance(int key, in QueryCode query) => (key + query.Offset) * query.Scale;

    /// <inheritdoc/>
    public static int Farther(int key, float distance, in QueryCode query) => (int)Math.Min(int.MaxValue, key + ((double)distance / query.Scale));
}
