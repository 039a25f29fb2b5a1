using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Recall.Graph;

/// <summary>
/// A version of a graph that moves on at most once in a period: what makes answers that the graph took part in worth caching while interactions
/// come all the time. Thread-safe; a race costs a second look.
/// </summary>
internal sealed class GraphRevision(ItemGraph graph, TimeSpan period, TimeProvider time)
{
    private long _lookedAt = long.MinValue;
    private long _version;

    /// <summary>The revision now.</summary>
    /// <param name="atLeast">The log offset that it must include, if the graph has it: a caller that reads its own writes.</param>
    public long At(long atLeast)
    {
        var lookedAt = Volatile.Read(ref _lookedAt);
        var version = Volatile.Read(ref _version);
        var now = time.GetTimestamp();
        if (lookedAt != long.MinValue && version >= atLeast && time.GetElapsedTime(lookedAt, now) < period) return version;

        version = graph.Version;
        Volatile.Write(ref _version, version);
        Volatile.Write(ref _lookedAt, now);
        return version;
    }
}
