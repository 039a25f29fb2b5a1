using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>Scores every row that may be answered.</summary>
internal static unsafe class ExactScan
{
    private const int RowsBetweenChecks = 4096;

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
}
