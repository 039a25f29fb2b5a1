using System.Runtime.CompilerServices;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>
/// Exact search for many queries at once: a block of rows that fits the cache is scored against all of them before the next is read, which
/// makes it several times as fast as one scan a query.
/// </summary>
internal static unsafe class ExactBatch
{
    private const int BlockBytes = 1 << 18;

    /// <summary>Finds the nearest rows of every query, best first.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="metric">What near means.</param>
    /// <param name="queries">Addresses of [row stride] floats, padded.</param>
    /// <param name="deleted">Rows that may not be answered; null means none.</param>
    /// <param name="filter">Rows that may be; null means all.</param>
    /// <param name="k">Neighbours wanted.</param>
    /// <param name="results">[queries, k], overwritten.</param>
    /// <param name="counts">[queries], how many were found; overwritten.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        VectorRows rows,
        int count,
        SimilarityMetric metric,
        ReadOnlySpan<nint> queries,
        ItemBits? deleted,
        IItemFilter? filter,
        int k,
        Span<Neighbor> results,
        Span<int> counts,
        CancellationToken cancellationToken)
    {
        counts.Clear();
        var block = Math.Max(1, BlockBytes / (rows.Stride * sizeof(float)));
        for (var first = 0; first < count; first += block)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = Math.Min(first + block, count);
            for (var query = 0; query < queries.Length; query++)
            {
                var scorer = new ExactScorer(metric, (float*)queries[query], rows.Stride);
                var nearest = new NearestList(results.Slice(query * k, k), counts[query]);
                for (var item = first; item < end; item++)
                {
                    if (deleted is not null && deleted.Contains(item)) continue;
                    if (filter is not null && !filter.Accepts(new ItemOrdinal(item))) continue;
                    var score = scorer.Score(rows.Row(item));
                    if (nearest.Wants(score)) nearest.Offer(new Neighbor(new ItemOrdinal(item), score));
                }
                counts[query] = nearest.Count;
            }
        }
        for (var query = 0; query < queries.Length; query++) new NearestList(results.Slice(query * k, k), counts[query]).Finish();
    }
}
