using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>The most popular items by type of interaction, ranked anew at most once a second and only when asked for. Thread-safe.</summary>
public sealed class ItemPopularity(ItemCounters counters, TimeProvider time)
{
    /// <summary>Items ranked of each type.</summary>
    public const int Length = 1000;

    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(1);

    private readonly Ranking?[] _rankings = new Ranking?[InteractionTypes.Count];
    private readonly Lock _ranking = new();

    /// <summary>The items with most weight of a type, best first, at most <see cref="Length"/>.</summary>
    public IReadOnlyList<PopularItem> Top(InteractionType type)
    {
        ref var place = ref _rankings[InteractionTypes.IndexOf(type)];
        if (Volatile.Read(ref place) is { } known && IsValid(known)) return known.Items;

        // One ranks, the others wait for it: together they would only take each other's processor.
        lock (_ranking)
        {
            if (place is { } meanwhile && IsValid(meanwhile)) return meanwhile.Items;
            var made = new Ranking(counters.Top(type, Length), time.GetTimestamp());
            Volatile.Write(ref place, made);
            return made.Items;
        }
    }

    private bool IsValid(Ranking ranking) => time.GetElapsedTime(ranking.MadeAt) < Validity;

    private sealed record Ranking(IReadOnlyList<PopularItem> Items, long MadeAt);
}
