using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Whether asking a remote store is worth its time: only while it answers faster than a search of the kind takes. Both are measured as the calls go;
/// while the store is passed over it is measured beside them. Thread-safe.
/// </summary>
internal sealed class RemoteWorth(RedisOptions options, TimeProvider time)
{
    // So many of each are measured before anyone judges: the first calls of a process are slow for other reasons.
    private const int LeastSamples = 64;

    // Measured seldom, so each counts for more.
    private const double MeasureWeight = 0.25;

    private readonly MovingAverage _lookups = new();
    private readonly MovingAverage[] _searches = [.. Enum.GetValues<RecallKind>().Select(_ => new MovingAverage()), new MovingAverage()];
    private long _measuredAt = time.GetTimestamp();

    /// <summary>What a lookup takes, on average.</summary>
    public TimeSpan Lookup => TimeSpan.FromSeconds(_lookups.Value);

    /// <summary>Whether to ask the store before a search of this kind.</summary>
    public bool IsWorthAsking(RecallKind kind)
    {
        if (!options.SkipWhenSlower) return true;
        var search = _searches[(int)kind];
        return _lookups.Samples < LeastSamples || search.Samples < LeastSamples || _lookups.Value < search.Value;
    }

    /// <summary>Whether it is time to measure the store beside the calls. One caller is told so at a time.</summary>
    public bool TryBeginMeasuring()
    {
        var measured = Volatile.Read(ref _measuredAt);
        var now = time.GetTimestamp();
        return time.GetElapsedTime(measured, now) >= options.MeasureInterval && Interlocked.CompareExchange(ref _measuredAt, now, measured) == measured;
    }

    /// <summary>A lookup was answered, or its budget was spent.</summary>
    public void Looked(TimeSpan duration) => _lookups.Add(duration.TotalSeconds);

    /// <summary>A lookup beside the calls was answered, or its budget was spent.</summary>
    public void Measured(TimeSpan duration) => _lookups.Add(duration.TotalSeconds, MeasureWeight);

    /// <summary>A search was done, the wait for its turn included: that is what a hit saves.</summary>
    public void Searched(RecallKind kind, TimeSpan duration) => _searches[(int)kind].Add(duration.TotalSeconds);
}
