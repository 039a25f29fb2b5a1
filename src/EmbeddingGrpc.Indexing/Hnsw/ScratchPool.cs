namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Scratches that are not in use: a fixed row of slots, each taken and given back with one interlocked exchange. A search that finds none
/// makes one; one that finds no free slot frees its own. Safe for any number of threads.
/// </summary>
internal sealed class ScratchPool(int rowStride, int codeStride) : IDisposable
{
    private readonly SearchScratch?[] _slots = new SearchScratch?[Math.Max(16, 2 * Environment.ProcessorCount)];
    private volatile bool _disposed;

    /// <summary>Takes a scratch.</summary>
    public SearchScratch Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(HnswIndex));
        // Starting at the processor's own slot, a thread mostly gets back what it used before, still in its cache.
        var start = Thread.GetCurrentProcessorId();
        for (var i = 0; i < _slots.Length; i++)
        {
            ref var slot = ref _slots[(uint)(start + i) % (uint)_slots.Length];
            if (slot is not null && Interlocked.Exchange(ref slot, null) is { } scratch) return scratch;
        }
        return new SearchScratch(rowStride, codeStride);
    }

    /// <summary>Gives a scratch back.</summary>
    public void Return(SearchScratch scratch)
    {
        var start = Thread.GetCurrentProcessorId();
        for (var i = 0; i < _slots.Length && !_disposed; i++)
        {
            ref var slot = ref _slots[(uint)(start + i) % (uint)_slots.Length];
            if (slot is null && Interlocked.CompareExchange(ref slot, scratch, null) is null) return;
        }
        scratch.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        for (var i = 0; i < _slots.Length; i++) Interlocked.Exchange(ref _slots[i], null)?.Dispose();
    }
}
