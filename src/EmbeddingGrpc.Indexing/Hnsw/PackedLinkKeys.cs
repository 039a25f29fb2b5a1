using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Packed codes of rows brought to one length, where links are chosen for search by dot product: the product and that of what each is
/// lengthened by, which ends every row.
/// </summary>
internal readonly unsafe struct PackedLinkKeys : IWalkKeys
{
    /// <inheritdoc/>
    public static void Compute(byte* rows, uint* items, int count, in QueryCode query, int* keys)
    {
        PackedKernels.Products(rows, query.Layout, items, count, query.Pointer, keys);
        for (var i = 0; i < count; i++)
        {
            var end = rows + (((long)items[i] + 1) * query.Length);
            var tail = query.Layout.IsWide ? *(ushort*)(end - sizeof(ushort)) : end[-1];
            keys[i] = SortableFloat.ToKey(-keys[i] - (tail * query.TailScale));
        }
    }

    /// <inheritdoc/>
    public static float Distance(int key, in QueryCode query) => SortableFloat.FromKey(key) * query.Scale;

    /// <inheritdoc/>
    public static int Farther(int key, float distance, in QueryCode query) => SortableFloat.ToKey(SortableFloat.FromKey(key) + (distance / query.Scale));
}
