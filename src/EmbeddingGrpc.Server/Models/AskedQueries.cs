namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// What a model is asked, from a sample of its calls: the newest questions, for a generation that does not serve yet, and the hottest ones, for the
/// caches of one that just does. Any number of threads; a question that finds the counting busy is not counted.
/// </summary>
/// <remarks>Counts are in a bounded memory: when it is full they are halved and what falls to nothing is forgotten, so that they follow what is hot now.</remarks>
public sealed class AskedQueries
{
    // Of so many calls one is looked at: what is hot comes among them soon enough, at a cost that nobody sees.
    private const int Every = 16;

    private const int Newest = 128;

    private readonly IAskedQuery?[] _newest = new IAskedQuery?[Newest];
    private readonly Dictionary<object, Counted> _counts = [];
    private readonly Lock _counting = new();
    private int _asked;
    private int _mostCounted;

    /// <summary>Counts one question.</summary>
    /// <returns>Whether it is one to <see cref="Keep"/>.</returns>
    public bool IsSampled() => unchecked((uint)Interlocked.Increment(ref _asked)) % Every == 0;

    /// <summary>Keeps a question in the place of an older one, and counts it if it may be a hot one.</summary>
    public void Keep(IAskedQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        Volatile.Write(ref _newest[(uint)Volatile.Read(ref _asked) / Every % Newest], query);
        if (_mostCounted == 0 || query.Key is not { } key || !_counting.TryEnter()) return;
        try
        {
            if (_counts.TryGetValue(key, out var counted)) counted.Count++;
            else if (_counts.Count < _mostCounted || Halve()) _counts.Add(key, new Counted(query));
        }
        finally
        {
            _counting.Exit();
        }
    }

    /// <summary>Counts the hottest questions from now on; without this none is counted.</summary>
    /// <param name="most">Different ones that are counted at a time.</param>
    public void CountHottest(int most) => _mostCounted = most;

    /// <summary>Asks a generation the newest questions.</summary>
    /// <returns>How many.</returns>
    public int Replay(Generation generation, CancellationToken cancellationToken)
    {
        var count = 0;
        for (var place = 0; place < Newest; place++)
        {
            if (Volatile.Read(ref _newest[place]) is not { } query) continue;
            cancellationToken.ThrowIfCancellationRequested();
            query.Run(generation, cancellationToken);
            count++;
        }

        return count;
    }

    /// <summary>The questions that are asked most, the hottest first.</summary>
    public IReadOnlyList<IAskedQuery> Hottest(int count)
    {
        lock (_counting) return [.. _counts.Values.OrderByDescending(counted => counted.Count).Take(count).Select(counted => counted.Query)];
    }

    private bool Halve()
    {
        foreach (var (key, counted) in _counts)
            if ((counted.Count /= 2) == 0)
                _counts.Remove(key);
        return _counts.Count < _mostCounted;
    }

    private sealed class Counted(IAskedQuery query)
    {
        public IAskedQuery Query { get; } = query;

        public int Count { get; set; } = 1;
    }
}
