using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>8-bit codes of rows of any length (Euclid): half the squared norm, which ends every row, less the product.</summary>
internal readonly unsafe struct EuclideanKeys : IWalkKeys
{
    /// <inheritdoc/>
    public static void Compute(byte* rows, uint* items, int count, in QueryCode query, int* keys)
    {
        CodeKernels.Products(rows, query.Length, items, count, query.Pointer, keys);
        for (var i = 0; i < count; i++)
        {
            var halfNorm = *(float*)(rows + (((long)items[i] + 1) * query.Length) - sizeof(float));
            keys[i] = SortableFloat.ToKey(halfNorm - ((keys[i] - query.Offset) * query.Scale));
        }
    }

    /// <inheritdoc/>
    public static float Distance(int key, in QueryCode query) => SortableFloat.FromKey(key);

    /// <inheritdoc/>
    public static int Farther(int key, float distance, in QueryCode query) => SortableFloat.ToKey(SortableFloat.FromKey(key) + distance);
}
