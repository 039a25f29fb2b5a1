using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Which queries one model is asked most, in a bounded memory: when it is full, all counts are halved and what falls to nothing is forgotten, so that it
/// follows what is hot now. Thread-safe; a call that finds it busy is not counted.
/// </summary>
internal sealed class HotQueries(RecallCacheKeys keys, int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RecallCacheKey, Counted> _counts = [];

    /// <summary>A query was asked.</summary>
    public void Asked(string model, RecallQuery query)
    {
        // The same question whatever generation answers it.
        if (keys.For(model, 0, query, 0, 0, 0) is not { } key || !_gate.TryEnter()) return;
        try
        {
            if (_counts.TryGetValue(key, out var counted)) counted.Count++;
            else if (_counts.Count < capacity || Halve()) _counts.Add(key, new Counted(query));
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>The hottest queries, the hottest first.</summary>
    public IReadOnlyList<RecallQuery> Hottest(int count)
    {
        lock (_gate) return [.. _counts.Values.OrderByDescending(counted => counted.Count).Take(count).Select(counted => counted.Query)];
    }

    private bool Halve()
    {
        foreach (var (key, counted) in _counts)
            if ((counted.Count /= 2) == 0)
                _counts.Remove(key);
        return _counts.Count < capacity;
    }

    private sealed class Counted(RecallQuery query)
    {
        public RecallQuery Query { get; } = query;

        public int Count { get; set; } = 1;
    }
}
