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

    // While it holds less than this share of its bytes, all is kept; beyond it what is asked for a second time. Small, because what lives for some
    // seconds is what a collector of generations is worst at: a sixteenth, made anew every time to live, was a full collection each minute.
    private const int SmallShare = 256;

    // What cannot change while its generation serves is kept so many times as long, as long as it is asked for. Made anew every time to live, the hottest
    // answers would be searched for the same bytes, and those of before are dead in the oldest generation of the heap.
    private const int LivesWhileAsked = 20;

    // Asking the cache for its size sums over the counters of every thread there was, 20 us. It grows fast while it keeps all, and becomes small again by what
    // expires, in seconds.
    private const int SetsBetweenLooksWhileSmall = 16;
    private const int SetsBetweenLooks = 256;

    private readonly Doorkeeper _doorkeeper;
    private readonly MemoryCache? _entries;
    private readonly RecallCacheOptions _options;
    private readonly RecallMetrics _metrics;
    private int _sets;
    private bool _isSmall = true;

    /// <summary>Makes an empty level; with 0 bytes one that stays empty.</summary>
    public MemoryLevel(RecallCacheOptions options, TimeProvider time, RecallMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _metrics) = (options, metrics);
        _doorkeeper = new Doorkeeper(options.MemoryTimeToLive, time);
        if (options.MemoryBytes == 0) return;
        _entries = new MemoryCache(new MemoryCacheOptions { SizeLimit = options.MemoryBytes, Clock = new Clock(time), TrackStatistics = true });
    }

    /// <summary>Bytes held, as estimated.</summary>
    public long SizeBytes => _entries?.GetCurrentStatistics()?.CurrentEstimatedSize ?? 0;

    /// <summary>Finds an answer, or that there is none, which is no hit.</summary>
    internal bool TryGet(RecallCacheKey key, out ReadOnlyMemory<byte> body, out MissingItem? missing)
    {
        (body, missing) = (default, null);
        if (_entries is null) return false;
        _entries.TryGetValue(key, out var stored);
        var found = stored as byte[];
        _metrics.CacheAsked(AnswerOrigin.Memory, found is not null);
        if (found is null) missing = stored as MissingItem;
        else body = found;
        return found is not null;
    }

    /// <summary>Keeps an answer for a while, unless it is not hot enough for the room that there is: then it may be kept next time.</summary>
    /// <param name="key">The query.</param>
    /// <param name="body">The answer.</param>
    /// <param name="isHot">It is known to be asked often.</param>
    public void Set(RecallCacheKey key, byte[] body, bool isHot = false)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(body);
        if (_entries is null) return;
        if (!_doorkeeper.Note(key.Hash) && !isHot && !IsSmall(_entries)) return;
        Keep(_entries, key, body, body.Length, _options.MemoryTimeToLive, key.Kind is RecallKind.Item or RecallKind.Vector);
    }

    /// <summary>Keeps for a little while that there is no answer.</summary>
    internal void SetMissing(RecallCacheKey key, MissingItem missing)
    {
        if (_entries is null || _options.NegativeTimeToLive == TimeSpan.Zero) return;
        Keep(_entries, key, missing, 2 * (missing.ItemId.Length + missing.Message.Length), _options.NegativeTimeToLive, isLasting: false);
    }

    /// <summary>Drops every answer to a user. Looks at every key.</summary>
    public void Forget(string userId)
    {
        if (_entries is null) return;
        var id = Encoding.UTF8.GetBytes(userId);
        // The id may stand in another user's key by chance: then that answer is searched once more.
        foreach (var key in _entries.Keys.OfType<RecallCacheKey>().Where(key => !key.IsShareable && key.Canonical.Span.IndexOf(id) >= 0)) _entries.Remove(key);
    }

    private void Keep(MemoryCache entries, RecallCacheKey key, object value, int bytes, TimeSpan timeToLive, bool isLasting)
    {
        using var entry = entries.CreateEntry(key);
        entry.Value = value;
        entry.Size = bytes + key.Canonical.Length + EntryOverheadBytes;
        timeToLive = Jitter.Around(timeToLive, _options.TimeToLiveJitter);
        if (isLasting) entry.SlidingExpiration = timeToLive;
        entry.AbsoluteExpirationRelativeToNow = isLasting ? LivesWhileAsked * timeToLive : timeToLive;
    }

    private bool IsSmall(MemoryCache entries)
    {
        var between = Volatile.Read(ref _isSmall) ? SetsBetweenLooksWhileSmall : SetsBetweenLooks;
        if (Interlocked.Increment(ref _sets) % between == 1)
            Volatile.Write(ref _isSmall, entries.GetCurrentStatistics()!.CurrentEstimatedSize < _options.MemoryBytes / SmallShare);
        return Volatile.Read(ref _isSmall);
    }

    /// <inheritdoc/>
    public void Dispose() => _entries?.Dispose();

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
