using System.Text;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Answers in the daemon's memory, bounded by bytes. Thread-safe.</summary>
public sealed class MemoryLevel : IDisposable
{
    // Measured: what the cache, the entry and the key hold beside the bytes of key and answer.
    private const int EntryOverheadBytes = 400;

    private readonly MemoryCache? _entries;
    private readonly RecallCacheOptions _options;
    private readonly RecallMetrics _metrics;

    /// <summary>Makes an empty level; with 0 bytes one that stays empty.</summary>
    public MemoryLevel(RecallCacheOptions options, TimeProvider time, RecallMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _metrics) = (options, metrics);
        if (options.MemoryBytes == 0) return;
        _entries = new MemoryCache(new MemoryCacheOptions { SizeLimit = options.MemoryBytes, Clock = new Clock(time), TrackStatistics = true });
    }

    /// <summary>Bytes held, as estimated.</summary>
    public long SizeBytes => _entries?.GetCurrentStatistics()?.CurrentEstimatedSize ?? 0;

    /// <summary>Finds an answer.</summary>
    public bool TryGet(RecallCacheKey key, out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (_entries is null) return false;
        var hit = _entries.TryGetValue(key, out var stored);
        _metrics.CacheAsked(AnswerOrigin.Memory, hit);
        if (hit) body = (ReadOnlyMemory<byte>)stored!;
        return hit;
    }

    /// <summary>Keeps an answer for a while, unless there is no room: then the oldest ones go first and this one may be kept next time.</summary>
    public void Set(RecallCacheKey key, ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (_entries is null) return;
        using var entry = _entries.CreateEntry(key);
        entry.Value = body;
        entry.Size = body.Length + key.Canonical.Length + EntryOverheadBytes;
        entry.AbsoluteExpirationRelativeToNow = Jitter.Around(_options.MemoryTimeToLive, _options.TimeToLiveJitter);
    }

    /// <summary>Drops every answer to a user. Looks at every key.</summary>
    public void Forget(string userId)
    {
        if (_entries is null) return;
        var id = Encoding.UTF8.GetBytes(userId);
        // The id may stand in another user's key by chance: then that answer is searched once more.
        foreach (var key in _entries.Keys.OfType<RecallCacheKey>().Where(key => !key.IsShareable && key.Canonical.Span.IndexOf(id) >= 0)) _entries.Remove(key);
    }

    /// <inheritdoc/>
    public void Dispose() => _entries?.Dispose();

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
