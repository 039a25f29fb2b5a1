namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>How many items an index can grow to before it has to be built anew.</summary>
internal static class IndexCapacity
{
    private const int AtLeast = 1 << 20;

    /// <summary>Items that there is address space for. Where none can be reserved, a quarter more than there are.</summary>
    public static long For(int items) =>
        NativeRegion.CanReserve ? Math.Min(int.MaxValue - 64L, (4L * items) + AtLeast) : items + (items / 4) + 1024L;
}
