using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Packed codes by distance (Euclid): the code of half the squared norm, which ends every row, less the product.</summary>
internal readonly unsafe struct PackedEuclideanKeys : IWalkKeys
{
    /// <inheritdoc/>
    public static void Compute(byte* rows, uint* items, int count, in QueryCode query, int* keys)
    {
        PackedKernels.Products(rows, query.Layout, items, count, query.Pointer, keys);
        if (query.Layout.IsWide)
        {
            for (var i = 0; i < count; i++)
            {
                var halfNorm = *(float*)(rows + (((long)items[i] + 1) * query.Length) - sizeof(float));
                keys[i] = SortableFloat.ToKey(halfNorm - (keys[i] * query.Scale));
            }
            return;
        }
        for (var i = 0; i < count; i++)
        {
            var halfNorm = *(ushort*)(rows + (((long)items[i] + 1) * query.Length) - sizeof(ushort)) * query.TailScale;
            keys[i] = SortableFloat.ToKey(halfNorm - (keys[i] * query.Scale));
        }
    }

    /// <inheritdoc/>
    public static float Distance(int key, in QueryCode query) => SortableFloat.FromKey(key);

    /// <inheritdoc/>
    public static int Farther(int key, float distance, in QueryCode query) => SortableFloat.ToKey(SortableFloat.FromKey(key) + distance);
}
