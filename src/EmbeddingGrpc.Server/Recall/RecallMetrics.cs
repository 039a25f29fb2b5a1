using System.Diagnostics.Metrics;
using EmbeddingGrpc.Server.Recall.Admission;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>What recall and its cache tell of themselves. Thread-safe.</summary>
public sealed class RecallMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Recall";

    private static readonly string[] Kinds = ["none", "item", "user", "session", "vector"];
    private static readonly string[] Origins = ["none", "search", "memory", "redis"];

    private readonly Meter _meter;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _failures;
    private readonly long[] _hits = new long[Origins.Length];
    private readonly long[] _misses = new long[Origins.Length];
    private readonly Counter<long> _redisFailures;
    private readonly Counter<long> _shed;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _warmed;
    private SearchGate? _gate;
    private long _warmedQueries;

    /// <summary>Makes the instruments.</summary>
    public RecallMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _duration = _meter.CreateHistogram(
            "embeddinggrpc.recall.duration", "s", "Time from a validated query to its encoded answer, by kind of query and by where the answer came from.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                    [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
            });
        _failures = _meter.CreateCounter<long>("embeddinggrpc.recall.failures", "{query}", "Queries without an answer, by kind and reason.");
        // Each call counts here once or twice: counted in place and read when somebody looks, it costs a tenth.
        _meter.CreateObservableCounter("embeddinggrpc.recall.cache.hits", () => ByLevel(_hits), "{hit}", "Answers found in the cache, by level.");
        _meter.CreateObservableCounter("embeddinggrpc.recall.cache.misses", () => ByLevel(_misses), "{miss}", "Answers not found in the cache, by level.");
        _redisFailures = _meter.CreateCounter<long>(
            "embeddinggrpc.recall.cache.redis.failures", "{failure}", "Redis lookups and writes that failed, by reason. Each is a miss, never a failed recall.");
        _skipped = _meter.CreateCounter<long>(
            "embeddinggrpc.recall.cache.redis.skipped", "{lookup}", "Redis lookups that were left out because a search is faster than Redis.");
        _warmed = _meter.CreateCounter<long>("embeddinggrpc.recall.cache.warmed", "{query}", "Hot queries that were answered anew when a generation began to serve.");
        _shed = _meter.CreateCounter<long>(
            "embeddinggrpc.recall.shed", "{search}", "Searches that were refused because too many waited. Their callers got RESOURCE_EXHAUSTED.");
        _meter.CreateObservableGauge("embeddinggrpc.recall.searching", () => _gate?.Searching ?? 0, "{search}", "Searches that run now.");
        _meter.CreateObservableGauge("embeddinggrpc.recall.waiting", () => _gate?.Waiting ?? 0, "{search}", "Searches that wait for their turn now.");
    }

    /// <summary>Answers found in Redis since the start.</summary>
    public long RedisHits => Interlocked.Read(ref _hits[(int)AnswerOrigin.Redis]);

    /// <summary>Answers found in memory since the start.</summary>
    public long MemoryHits => Interlocked.Read(ref _hits[(int)AnswerOrigin.Memory]);

    /// <summary>Hot queries answered anew since the start.</summary>
    public long WarmedQueries => Interlocked.Read(ref _warmedQueries);

    /// <summary>A query was answered.</summary>
    /// <param name="kind">Kind of query.</param>
    /// <param name="origin">Where the answer came from.</param>
    /// <param name="elapsed">Since the query was taken up.</param>
    public void Answered(RecallKind kind, AnswerOrigin origin, TimeSpan elapsed) => _duration.Record(
        elapsed.TotalSeconds, new("kind", Kinds[(int)kind]), new("source", Origins[(int)origin]));

    /// <summary>A query has no answer.</summary>
    /// <param name="kind">Kind of query.</param>
    /// <param name="reason">A word from a small set.</param>
    public void Failed(RecallKind kind, string reason) => _failures.Add(1, new("kind", Kinds[(int)kind]), new("reason", reason));

    /// <summary>A search was refused because too many wait.</summary>
    public void Shed() => _shed.Add(1);

    /// <summary>Tells how many search and wait at a gate.</summary>
    internal void Watch(SearchGate gate) => _gate = gate;

    /// <summary>Tells whether Redis is there to be asked; without Redis nothing is told.</summary>
    /// <remarks>Who is not connected fails nothing and so counts no failure: this is what an alert sees.</remarks>
    internal void WatchRedis(Func<bool> available) => _meter.CreateObservableGauge(
        "embeddinggrpc.recall.cache.redis.available", () => available() ? 1 : 0, "1", "1 while Redis is connected and answers, 0 while it is not asked because it does not");

    /// <summary>Redis was not asked because it is slower than a search.</summary>
    public void RedisSkipped() => _skipped.Add(1);

    /// <summary>A hot query was answered anew.</summary>
    public void Warmed()
    {
        Interlocked.Increment(ref _warmedQueries);
        _warmed.Add(1);
    }

    /// <summary>A level of the cache was asked.</summary>
    public void CacheAsked(AnswerOrigin level, bool hit) => Interlocked.Increment(ref (hit ? _hits : _misses)[(int)level]);

    /// <summary>Redis did not do what it was asked.</summary>
    /// <param name="reason">A word from a small set: timeout, error, corrupt, open (the circuit), dropped (a write).</param>
    public void RedisFailed(string reason) => _redisFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private static IEnumerable<Measurement<long>> ByLevel(long[] counts)
    {
        foreach (var level in new[] { AnswerOrigin.Memory, AnswerOrigin.Redis })
            if (Interlocked.Read(ref counts[(int)level]) is > 0 and var count)
                yield return new Measurement<long>(count, new KeyValuePair<string, object?>("level", Origins[(int)level]));
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
