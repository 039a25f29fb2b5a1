using System.Runtime.InteropServices;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Keeps places of an answer for items that the generation was not trained on, so that they are shown at all. Stateless.</summary>
internal static class ColdPlaces
{
    /// <summary>A search among cold items only.</summary>
    public delegate int ColdSearch(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken);

    /// <summary>Whether the generation was not trained on an item.</summary>
    public static bool IsCold(Generation generation, CandidateId item) => !item.IsInGeneration || generation.IsCold(item.Ordinal);

    /// <summary>The nearest cold items that are not excluded, as many as have a place.</summary>
    public static Span<Neighbor> Search(ColdSearch search, ReadOnlySpan<float> vector, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var results = scratch.Neighbors(query.ColdPlaces);
        var parameters = new SearchParameters(query.ColdPlaces, Filter: scratch.Excluded.AsFilter);
        return results[..search(vector, parameters, results, cancellationToken)];
    }

    /// <summary>Cuts candidates to the best k of which as many are cold as have a place, where so many are there.</summary>
    /// <param name="candidates">Best first, before and after.</param>
    /// <param name="query">How many, and how many of them cold.</param>
    /// <param name="generation">Says which are cold.</param>
    public static void Cut(List<RecallCandidate> candidates, RecallQuery query, Generation generation)
    {
        if (candidates.Count <= query.K) return;
        var places = Math.Min(query.ColdPlaces, CountIn(candidates, generation, query.ColdPlaces));
        var others = query.K - places;
        var kept = 0;
        var all = CollectionsMarshal.AsSpan(candidates);
        foreach (var candidate in all)
        {
            if (places > 0 && IsCold(generation, candidate.Item)) places--;
            else if (others > 0) others--;
            else continue;
            all[kept++] = candidate;
        }

        CollectionsMarshal.SetCount(candidates, kept);
    }

    /// <summary>Adds the newest cold items to an answer that was not made of a vector, as many as still have a place.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="query">How many.</param>
    /// <param name="scratch">Candidates; those that are there are <see cref="RecallScratch.Taken"/>.</param>
    public static void AddNewest(in RecallSpace space, RecallQuery query, RecallScratch scratch)
    {
        var (generation, candidates) = (space.Generation, scratch.Candidates);
        var missing = Math.Min(query.ColdPlaces - CountIn(candidates, generation, query.ColdPlaces), query.K - candidates.Count);
        // Below what others found, and above nothing: who asked for it gets it at the end.
        var score = candidates.Count > 0 ? Math.Min(0, candidates[^1].Score) : 0;
        for (var ordinal = generation.ItemCount - 1; ordinal >= generation.Vocabulary.Count && missing > 0; ordinal--)
        {
            var item = CandidateId.Of(new ItemOrdinal(ordinal));
            if (scratch.Excluded.Contains(item) || !scratch.Taken.Add(item)) continue;
            candidates.Add(new RecallCandidate(item, score, RecallSources.Popular));
            missing--;
        }
    }

    /// <summary>Places that popular items leave to cold ones.</summary>
    public static int Missing(List<RecallCandidate> candidates, RecallQuery query, Generation generation)
    {
        var cold = generation.ItemCount - generation.Vocabulary.Count;
        return Math.Clamp(query.ColdPlaces - CountIn(candidates, generation, query.ColdPlaces), 0, cold);
    }

    private static int CountIn(List<RecallCandidate> candidates, Generation generation, int most)
    {
        var count = 0;
        for (var place = 0; place < candidates.Count && count < most; place++) count += IsCold(generation, candidates[place].Item) ? 1 : 0;
        return count;
    }
}
