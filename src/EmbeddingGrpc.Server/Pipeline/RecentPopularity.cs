using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// How popular items are lately: the decayed weight of what was done with them, ranked anew at most once in a while and only when asked for. Thread-safe.
/// </summary>
public sealed class RecentPopularity
{
    /// <summary>Items ranked.</summary>
    public const int Length = 2000;

    private static readonly TimeSpan LeastValidity = TimeSpan.FromSeconds(1);

    // Ranking many items takes a percent of one processor at most.
    private const int ValidityPerCost = 100;

    private readonly ItemCounters _counters;
    private readonly TimeProvider _time;
    private readonly double[] _byType = new double[InteractionTypes.Count];
    private readonly Lock _ranking = new();
    private Ranking? _latest;

    /// <summary>Of what is counted.</summary>
    /// <param name="counters">What items have had.</param>
    /// <param name="weightOf">What each type of interaction counts.</param>
    /// <param name="time">Says when to rank anew.</param>
    public RecentPopularity(ItemCounters counters, Func<InteractionType, double> weightOf, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(weightOf);
        (_counters, _time) = (counters, time);
        for (var type = (InteractionType)1; (int)type <= InteractionTypes.Count; type++) _byType[InteractionTypes.IndexOf(type)] = weightOf(type);
    }

    /// <summary>The most popular items, best first, at most <see cref="Length"/>.</summary>
    public IReadOnlyList<PopularItem> Top() => Latest().Items;

    /// <summary>How popular items are, for all candidates of a query.</summary>
    internal PopularitySignals Signals() => new(_counters.Read(), _byType, Latest().Highest);

    private Ranking Latest()
    {
        if (Volatile.Read(ref _latest) is { } known && IsValid(known)) return known;

        // One ranks; who comes meanwhile takes what there is, and waits only where there is nothing.
        if (!_ranking.TryEnter())
        {
            if (Volatile.Read(ref _latest) is { } earlier) return earlier;
            _ranking.Enter();
        }

        try
        {
            if (_latest is { } meanwhile && IsValid(meanwhile)) return meanwhile;
            var began = _time.GetTimestamp();
            var items = _counters.Top(_byType, Length);
            var validity = _time.GetElapsedTime(began) * ValidityPerCost;
            var made = new Ranking(items, items.Count > 0 ? Math.Log(1 + items[0].Weight) : 1, _time.GetTimestamp(), validity > LeastValidity ? validity : LeastValidity);
            Volatile.Write(ref _latest, made);
            return made;
        }
        finally
        {
            _ranking.Exit();
        }
    }

    private bool IsValid(Ranking ranking) => _time.GetElapsedTime(ranking.MadeAt) < ranking.Validity;

    private sealed record Ranking(IReadOnlyList<PopularItem> Items, double Highest, long MadeAt, TimeSpan Validity);
}
