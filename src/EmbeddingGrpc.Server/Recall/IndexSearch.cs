using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Searches an index so that an exclusion never costs an answer. Stateless.</summary>
internal static class IndexSearch
{
    // A walk that need not ask about each item it meets is faster than one that must, by more than so many further results cost.
    private const int FewExclusions = 16;

    /// <summary>A search that looks at every row.</summary>
    public delegate int ExactScan(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken);

    /// <summary>The nearest items that are not excluded: <paramref name="count"/> wherever as many exist.</summary>
    /// <param name="index">The index.</param>
    /// <param name="scan">The same by looking at every row.</param>
    /// <param name="query">[dimension].</param>
    /// <param name="count">How many.</param>
    /// <param name="targetRecall">Share of them to find; 0 for the index's own setting, 1 for all.</param>
    /// <param name="scratch">Holds the exclusions; the answer lies in it.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public static Span<Neighbor> Run(
        IVectorIndex index, ExactScan scan, ReadOnlySpan<float> query, int count, double targetRecall, RecallScratch scratch, CancellationToken cancellationToken)
    {
        if (scratch.Excluded is { CountInGeneration: <= FewExclusions, AsFilter: not null, Rule: null or { IsOfDeletionsOnly: true } }
            && TryWithoutFilter(index, query, count, targetRecall, scratch, cancellationToken) is { Length: > 0 } all)
        {
            return all;
        }

        var results = scratch.Neighbors(count);
        var parameters = new SearchParameters(count, Filter: scratch.Excluded.AsFilter, TargetRecall: targetRecall);
        var found = index.Search(query, parameters, results, cancellationToken);
        // How many a rule leaves is not known here; the index itself has looked at every row before it answered fewer.
        if (scratch.Excluded.Rule is null && found < Math.Min(count, index.Count - scratch.Excluded.CountInGeneration))
        {
            // The walk ended in a region that is excluded for the most part. Rare, and worth a scan.
            found = scan(query, parameters, results, cancellationToken);
        }

        return results[..found];
    }

    /// <summary>Asks for as many more as are excluded, and drops those.</summary>
    /// <returns>Empty where that did not find as many as there are.</returns>
    private static Span<Neighbor> TryWithoutFilter(
        IVectorIndex index, ReadOnlySpan<float> query, int count, double targetRecall, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var excluded = scratch.Excluded;
        var results = scratch.Neighbors(count + excluded.CountInGeneration);
        var found = index.Search(query, new SearchParameters(results.Length, TargetRecall: targetRecall), results, cancellationToken);
        var kept = 0;
        for (var i = 0; i < found && kept < count; i++)
            if (excluded.Accepts(results[i].Item))
                results[kept++] = results[i];
        // How many deletions leave is not known here.
        var least = excluded.Rule is null ? Math.Min(count, index.Count - excluded.CountInGeneration) : count;
        return kept < least ? [] : results[..kept];
    }
}
