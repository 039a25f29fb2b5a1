using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>Scores every row that may be answered.</summary>
internal static unsafe class ExactScan
{
    private const int RowsBetweenChecks = 4096;
    private const int RowsAhead = 4;

    /// <summary>Finds the nearest rows, best first.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="metric">What near means.</param>
    /// <param name="query">[row stride], padded.</param>
    /// <param name="deleted">Rows that may not be answered; null means none.</param>
    /// <param name="filter">Rows that may be; null means all.</param>
    /// <param name="results">As long as neighbours are wanted.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    /// <returns>How many were found.</returns>
    public static int Run(
        VectorRows rows,
        int count,
        SimilarityMetric metric,
        float* query,
        ItemBits? deleted,
        IItemFilter? filter,
        Span<Neighbor> results,
        CancellationToken cancellationToken)
    {
        if (filter?.Listed is { } listed) return Run(rows, count, metric, query, deleted, filter, listed, results, cancellationToken);
        var scorer = new ExactScorer(metric, query, rows.Stride);
        var nearest = new NearestList(results);
        for (var first = 0; first < count; first += RowsBetweenChecks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = Math.Min(first + RowsBetweenChecks, count);
            for (var item = first; item < end; item++)
            {
                if (deleted is not null && deleted.Contains(item)) continue;
                if (filter is not null && !filter.Accepts(new ItemOrdinal(item))) continue;
                var score = scorer.Score(rows.Row(item));
                if (nearest.Wants(score)) nearest.Offer(new Neighbor(new ItemOrdinal(item), score));
            }
        }
        return nearest.Finish();
    }

    private static int Run(
        VectorRows rows,
        int count,
        SimilarityMetric metric,
        float* query,
        ItemBits? deleted,
        IItemFilter filter,
        ItemOrdinal[] listed,
        Span<Neighbor> results,
        CancellationToken cancellationToken)
    {
        var scorer = new ExactScorer(metric, query, rows.Stride);
        var nearest = new NearestList(results);
        for (var place = 0; place < listed.Length; place++)
        {
            if (place % RowsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            var item = listed[place];
            if (item.Value >= count) break;
            // Rows lie anywhere, and each would be waited for in its turn.
            if (place + RowsAhead < listed.Length && listed[place + RowsAhead].Value < count) CodeKernels.Prefetch(rows.Row(listed[place + RowsAhead].Value), rows.Stride * sizeof(float));
            if (deleted?.Contains(item.Value) == true || !filter.Accepts(item)) continue;
            var score = scorer.Score(rows.Row(item.Value));
            if (nearest.Wants(score)) nearest.Offer(new Neighbor(item, score));
        }
        return nearest.Finish();
    }
}
