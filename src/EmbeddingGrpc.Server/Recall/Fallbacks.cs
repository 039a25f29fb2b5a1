using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>
/// What follows where a query's own sources know too little, in this order: what is popular lately, what the generation was trained on most, whatever else
/// there is. Stateless; works in a thread's scratch.
/// </summary>
internal static class Fallbacks
{
    private const int ItemsBetweenChecks = 4096;

    /// <summary>Fills the candidates up to as many as are asked for, from the sources that may be asked; each lies below what was there before it.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="query">How many, and from where.</param>
    /// <param name="scratch">Candidates, best first, and what must not be answered.</param>
    /// <param name="cancellationToken">With a filter that fits nothing this looks at every item there is.</param>
    public static void Fill(in RecallSpace space, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var candidates = scratch.Candidates;
        if (candidates.Count >= query.K || (query.Sources & (RecallSources.Popular | RecallSources.Catalog)) == 0) return;
        foreach (var candidate in candidates) scratch.Taken.Add(candidate.Item);
        if (query.Sources.HasFlag(RecallSources.Popular))
        {
            AddPopular(space, query.K - ColdPlaces.Missing(candidates, query, space.Generation), scratch, cancellationToken);
            ColdPlaces.AddNewest(space, query, scratch);
        }

        if (query.Sources.HasFlag(RecallSources.Catalog) && candidates.Count < query.K) AddOthers(space, query.K, scratch, cancellationToken);
    }

    private static void AddPopular(in RecallSpace space, int k, RecallScratch scratch, CancellationToken cancellationToken)
    {
        // The score is the item's share of all interactions, below what others found.
        var (vocabulary, candidates) = (space.Generation.Vocabulary, scratch.Candidates);
        var ceiling = candidates.Count > 0 ? Math.Min(0, candidates[^1].Score) - 1 : 0;
        if (space.Popularity?.Top() is { Count: > 0 } recent)
        {
            AddRecent(space, recent, k, ceiling, scratch);
            ceiling -= 1;
        }

        // Ordinals fall with the count, so what was popular in all the time needs no index.
        if (scratch.Excluded.Rule?.Listed is { } listed)
        {
            for (var place = 0; place < listed.Ordinals.Length && listed.Ordinals[place].Value < vocabulary.Count && candidates.Count < k; place++)
                Add(listed.Ordinals[place]);
            return;
        }

        for (var ordinal = 0; ordinal < vocabulary.Count && candidates.Count < k; ordinal++)
        {
            if (ordinal % ItemsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            Add(new ItemOrdinal(ordinal));
        }

        void Add(ItemOrdinal item)
        {
            if (scratch.Excluded.Contains(CandidateId.Of(item)) || !scratch.Taken.Add(CandidateId.Of(item))) return;
            var share = (float)((double)vocabulary.CountOf(item) / vocabulary.TotalCount);
            candidates.Add(new RecallCandidate(CandidateId.Of(item), ceiling + share, RecallSources.Popular));
        }
    }

    /// <summary>Adds what is popular lately, whether the generation knows it or not.</summary>
    private static void AddRecent(in RecallSpace space, IReadOnlyList<PopularItem> recent, int k, float ceiling, RecallScratch scratch)
    {
        var (candidates, total) = (scratch.Candidates, 0.0);
        for (var place = 0; place < recent.Count; place++) total += recent[place].Weight;
        for (var place = 0; place < recent.Count && candidates.Count < k; place++)
        {
            var item = space.IdOf(recent[place].Item);
            if (scratch.Excluded.Contains(item) || !scratch.Taken.Add(item)) continue;
            candidates.Add(new RecallCandidate(item, ceiling + (float)(recent[place].Weight / total), RecallSources.Popular));
        }
    }

    /// <summary>Adds what is left: what the log or the catalogue brought, the newest first, then what only the generation knows, as after an import.</summary>
    private static void AddOthers(in RecallSpace space, int k, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var candidates = scratch.Candidates;
        var score = candidates.Count > 0 ? Math.Min(0, candidates[^1].Score) - 1 : 0;
        if (scratch.Excluded.Rule?.Listed is { } listed)
        {
            for (var place = listed.Keys.Count - 1; place >= 0 && candidates.Count < k; place--) Add(space.IdOf(new ItemKey(listed.Keys[place])));
            for (var place = listed.Unseen.Count - 1; place >= 0 && candidates.Count < k; place--) Add(CandidateId.Of(new ItemOrdinal(listed.Unseen[place])));
            return;
        }

        for (var key = space.Items.Count - 1; key >= 0 && candidates.Count < k; key--)
        {
            if (key % ItemsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            Add(space.IdOf(new ItemKey(key)));
        }

        for (var ordinal = space.Generation.ItemCount - 1; ordinal >= 0 && candidates.Count < k; ordinal--)
        {
            if (ordinal % ItemsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            Add(CandidateId.Of(new ItemOrdinal(ordinal)));
        }

        void Add(CandidateId item)
        {
            if (!scratch.Excluded.Contains(item) && scratch.Taken.Add(item)) candidates.Add(new RecallCandidate(item, score, RecallSources.Catalog));
        }
    }
}
