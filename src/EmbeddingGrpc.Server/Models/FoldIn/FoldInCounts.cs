namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>What fold-in of one model has done since the start, whatever generation served. One writer at a time, any number of readers.</summary>
internal sealed class FoldInCounts
{
    private long _dropped;

    /// <summary>Items whose better vectors were left out because too many waited for theirs.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Counts one that was left out.</summary>
    public void Drop() => Interlocked.Increment(ref _dropped);
}
