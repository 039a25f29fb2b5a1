using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>How many items an index can grow to.</summary>
internal static class GraphCapacity
{
    /// <summary>Items that there is address space for. Where none can be reserved, a quarter more than there are.</summary>
    public static long For(int items) =>
        NativeRegion.CanReserve ? Math.Min(int.MaxValue - 64L, (4L * items) + (1 << 20)) : items + (items / 4) + 1024L;
}
