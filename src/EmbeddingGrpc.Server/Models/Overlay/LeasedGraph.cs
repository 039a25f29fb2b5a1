using EmbeddingGrpc.Indexing;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>A graph that another one may take the place of: held by each search, freed by the last one after that. Any number of threads.</summary>
internal sealed class LeasedGraph(HnswIndex graph)
{
    // Far below any number of leases, so that the count of a freed graph stays negative whatever late readers add to it.
    private const int Freed = int.MinValue / 2;

    private int _leases = 1;

    /// <summary>The graph.</summary>
    public HnswIndex Graph => graph;

    /// <summary>Takes a lease unless the memory is gone.</summary>
    public bool TryAcquire()
    {
        if (Interlocked.Increment(ref _leases) > 0) return true;
        Interlocked.Decrement(ref _leases);
        return false;
    }

    /// <summary>Ends a lease, or lets go of the graph that was made with one; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) > 0) return;
        // Who fails here lost to a reader that leased in between: then that reader is the last one and comes by here itself.
        if (Interlocked.CompareExchange(ref _leases, Freed, 0) == 0) graph.Dispose();
    }
}
