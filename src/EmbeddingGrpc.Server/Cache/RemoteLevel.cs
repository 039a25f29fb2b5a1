using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Answers shared through another process. Whatever that process does, a lookup takes at most its budget and ends in a hit or a miss, and
/// nobody waits for a write. Thread-safe.
/// </summary>
public sealed partial class RemoteLevel
{
    private readonly IRemoteStore _store;
    private readonly RedisOptions _options;
    private readonly double _jitter;
    private readonly TimeProvider _time;
    private readonly RecallMetrics _metrics;
    private readonly ILogger<RemoteLevel> _logger;
    private readonly CircuitBreaker _breaker;
    private readonly RemoteWorth _worth;
    private int _pendingWrites;

    /// <summary>Puts a level over a store.</summary>
    public RemoteLevel(
        IRemoteStore store, RedisOptions options, RecallCacheOptions cache, TimeProvider time, RecallMetrics metrics, ILogger<RemoteLevel> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(cache);
        (_store, _options, _jitter, _time, _metrics, _logger) = (store, options, cache.TimeToLiveJitter, time, metrics, logger);
        _breaker = new CircuitBreaker(options.FailuresToOpen, options.FirstPause, options.LongestPause, time);
        _worth = new RemoteWorth(options, time);
        metrics.WatchRedis(() => _store.IsConnected && !_breaker.IsOpen);
    }

    /// <summary>A search was done that an answer from here would have saved.</summary>
    public void Searched(RecallKind kind, TimeSpan duration) => _worth.Searched(kind, duration);

    /// <summary>Looks for an answer, for as long as the budget lasts, where that is worth the time.</summary>
    /// <returns>Null for a miss, whatever the reason.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<byte[]?> TryGetAsync(RecallCacheKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!key.IsShareable || !_store.IsConnected) return null;
        var name = NameOf(key);
        if (_breaker.IsOpen)
        {
            // The probe runs beside the call: while the circuit is open nobody waits for a neighbour that is probably still ill.
            if (_breaker.TryBeginProbe()) _ = ProbeAsync(name);
            return null;
        }

        if (!_worth.IsWorthAsking(key.Kind))
        {
            _metrics.RedisSkipped();
            if (_worth.TryBeginMeasuring()) _ = MeasureAsync(name);
            return null;
        }

        Task<byte[]?>? lookup = null;
        var started = _time.GetTimestamp();
        try
        {
            lookup = _store.GetAsync(name);
            var value = await lookup.WaitAsync(_options.LookupBudget, _time, cancellationToken);
            _breaker.Succeeded();
            _worth.Looked(_time.GetElapsedTime(started));
            return Open(value, key);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Abandon(lookup);
            throw;
        }
        catch (Exception e)
        {
            Abandon(lookup);
            _metrics.RedisFailed(e is TimeoutException ? "timeout" : "error");
            if (e is TimeoutException) _worth.Looked(_options.LookupBudget);
            if (_breaker.Failed()) LogOpened(_logger, e.Message, e);
            return null;
        }
    }

    /// <summary>Shares an answer. Returns at once; the write may fail or be dropped.</summary>
    public void Set(RecallCacheKey key, ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(key);
        // What would not be asked for is not written either: another daemon that is nearer to Redis writes its own.
        if (!key.IsShareable || !_store.IsConnected || _breaker.IsOpen || !_worth.IsWorthAsking(key.Kind)) return;
        if (Interlocked.Increment(ref _pendingWrites) > _options.MaximumPendingWrites)
        {
            Interlocked.Decrement(ref _pendingWrites);
            _metrics.RedisFailed("dropped");
            return;
        }

        _ = WriteAsync(NameOf(key), AnswerEnvelope.Seal(key, body.Span));
    }

    private string NameOf(RecallCacheKey key) => $"{_options.InstancePrefix}:recall:{key}";

    private byte[]? Open(byte[]? value, RecallCacheKey key)
    {
        ReadOnlyMemory<byte> body = default;
        var hit = value is not null && AnswerEnvelope.TryOpen(value, key, out body);
        _metrics.CacheAsked(AnswerOrigin.Redis, hit);
        if (value is not null && !hit) _metrics.RedisFailed("corrupt");
        // Without its envelope: it may be kept for a while.
        return hit ? body.ToArray() : null;
    }

    private async Task WriteAsync(string name, byte[] value)
    {
        try
        {
            await _store.SetAsync(name, value, Jitter.Around(_options.TimeToLive, _jitter));
        }
        catch (Exception)
        {
            // A store that is full refuses writes and still answers: reads alone decide about the circuit, and they are what a caller waits for.
            _metrics.RedisFailed("write");
        }
        finally
        {
            Interlocked.Decrement(ref _pendingWrites);
        }
    }

    /// <summary>Finds out what a lookup takes while nobody waits for one.</summary>
    private async Task MeasureAsync(string name)
    {
        var started = _time.GetTimestamp();
        Task<byte[]?>? lookup = null;
        try
        {
            lookup = _store.GetAsync(name);
            await lookup.WaitAsync(_options.LookupBudget, _time);
            _worth.Measured(_time.GetElapsedTime(started));
        }
        catch (Exception e)
        {
            Abandon(lookup);
            _metrics.RedisFailed("measure");
            if (e is TimeoutException) _worth.Measured(_options.LookupBudget);
        }
    }

    private async Task ProbeAsync(string name)
    {
        try
        {
            await _store.GetAsync(name).WaitAsync(_options.LookupBudget, _time);
            if (_breaker.Succeeded()) LogClosed(_logger);
        }
        catch (Exception)
        {
            _metrics.RedisFailed("probe");
            _breaker.Failed();
        }
    }

    // The lookup goes on without its caller; its failure was counted or does not matter any more.
    private static void Abandon(Task? lookup) => lookup?.ContinueWith(
        static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    [LoggerMessage(4101, LogLevel.Warning, "Redis is left alone for a while, recalls are answered without it: {Reason}")]
    private static partial void LogOpened(ILogger logger, string reason, Exception exception);

    [LoggerMessage(4102, LogLevel.Information, "Redis answers again and is used again")]
    private static partial void LogClosed(ILogger logger);
}
