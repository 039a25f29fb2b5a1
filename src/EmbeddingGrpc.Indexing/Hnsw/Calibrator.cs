using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Measures which size of the candidate pool gives which recall, on a sample of queries. Of one calibration.</summary>
internal sealed unsafe class Calibrator : IDisposable
{
    /// <summary>Enough: the largest recall that can be asked for, but for an exact search.</summary>
    private const double MostRecall = 0.999;

    /// <summary>
    /// Margins are kept where walks that they end visit less than this share of what whole pools visit, in the mean over all pools: to look after a margin takes some time too.
    /// </summary>
    private const double WorthwhileShare = 0.95;

    private const int Sample = 512;
    private const int QueriesAPiece = 16;

    private readonly HnswIndex _index;
    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly NativeRegion _queries;
    private readonly int _count;
    private readonly int _items;
    private readonly BuildThreads _threads;
    private readonly float[] _limits;
    private readonly float[] _limitsOfMany;
    private readonly int[] _counts;

    /// <summary>Takes a sample.</summary>
    /// <param name="index">The index, which may change meanwhile.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="deleted">Its deleted items.</param>
    /// <param name="queries">Queries such as will come; null means the index's own rows.</param>
    public Calibrator(HnswIndex index, VectorRows rows, ItemBits deleted, VectorTable? queries)
    {
        _index = index;
        _rows = rows;
        _deleted = deleted;
        _items = index.Items;
        _queries = new NativeRegion((long)Sample * rows.Stride * sizeof(float), (long)Sample * rows.Stride * sizeof(float));
        var available = queries?.Rows ?? _items;
        for (var i = 0; i < Math.Min(Sample, available); i++)
        {
            var row = (int)((long)i * available / Math.Min(Sample, available));
            if (queries is null && deleted.Contains(row)) continue;
            var vector = queries is null ? new ReadOnlySpan<float>(rows.Row(row), rows.Dimension) : queries[new ItemOrdinal(row)];
            vector.CopyTo(new Span<float>(Query(_count++), rows.Dimension));
        }
        _threads = new BuildThreads(index.Options.BuildThreads, _items);
        _limits = new float[_count];
        _limitsOfMany = new float[_count];
        _counts = new int[_count];
    }

    /// <summary>Measures.</summary>
    public RecallCalibration Run(CancellationToken cancellationToken)
    {
        var live = _index.Count;
        var pieces = (_count + QueriesAPiece - 1) / QueriesAPiece;
        _threads.ForEach(pieces, () => new SearchScratch(_rows.Stride, 1), (_, piece) => FindExact(piece, cancellationToken), cancellationToken);
        var few = Climb(RecallCalibration.Ladder, RecallCalibration.Neighbors, _limits, cancellationToken);
        var many = Climb(RecallCalibration.LadderOfMany, RecallCalibration.ManyNeighbors, _limitsOfMany, cancellationToken);
        // By dot product, walks of W1 means through W2 rows that margins ended were slower at every recall.
        var isByDistance = _index.Metric != SimilarityMetric.DotProduct;
        var fewByMargin = isByDistance ? ClimbMargins(RecallCalibration.Ladder, few, RecallCalibration.Neighbors, _limits, cancellationToken) : [];
        var manyByMargin = isByDistance ? ClimbMargins(RecallCalibration.LadderOfMany, many, RecallCalibration.ManyNeighbors, _limitsOfMany, cancellationToken) : [];
        return new RecallCalibration(live, RecallsOf(few), RecallsOf(many), RecallsOf(Worthwhile(fewByMargin, few)), RecallsOf(Worthwhile(manyByMargin, many)));

        static double[] RecallsOf(Measured[] steps) => Array.ConvertAll(steps, step => step.Recall);
    }

    /// <inheritdoc/>
    public void Dispose() => _queries.Dispose();

    private float* Query(int number) => (float*)_queries.Pointer + ((long)number * _rows.Stride);

    private void FindExact(int piece, CancellationToken cancellationToken)
    {
        const int k = RecallCalibration.ManyNeighbors;
        var first = piece * QueriesAPiece;
        var count = Math.Min(QueriesAPiece, _count - first);
        Span<nint> queries = stackalloc nint[count];
        for (var i = 0; i < count; i++) queries[i] = (nint)Query(first + i);
        var nearest = new Neighbor[count * k];
        ExactBatch.Run(_rows, _items, _index.Metric, queries, _deleted, null, k, nearest, _counts.AsSpan(first, count), cancellationToken);
        for (var i = 0; i < count; i++)
        {
            var there = _counts[first + i];
            if (there == 0) continue;
            _limits[first + i] = nearest[(i * k) + Math.Min(there, RecallCalibration.Neighbors) - 1].Score;
            _limitsOfMany[first + i] = nearest[(i * k) + there - 1].Score;
        }
    }

    private Measured[] Climb(int[] ladder, int k, float[] limits, CancellationToken cancellationToken)
    {
        var steps = new List<Measured>();
        foreach (var ef in ladder)
        {
            steps.Add(Measure(new WalkExtent(ef), k, limits, cancellationToken));
            if (steps[^1].Recall >= MostRecall) break;
        }
        return [.. steps];
    }

    /// <summary>Measures margins until one recalls what the largest pool does.</summary>
    private Measured[] ClimbMargins(int[] ladder, Measured[] byPool, int k, float[] limits, CancellationToken cancellationToken)
    {
        var steps = new List<Measured>();
        foreach (var thousandths in RecallCalibration.Margins)
        {
            // With a pool as for the recall of the margin before, which is a little less than it will have.
            var pool = ladder[0];
            for (var i = 0; i < byPool.Length && steps.Count > 0 && byPool[i].Recall <= steps[^1].Recall; i++) pool = ladder[i];
            steps.Add(Measure(new WalkExtent(RecallCalibration.PoolGrowth * pool, RecallCalibration.MarginOf(thousandths)), k, limits, cancellationToken));
            if (steps[^1].Recall >= byPool[^1].Recall) break;
        }
        return [.. steps];
    }

    /// <summary>The margins, or none where walks that they end visit hardly fewer nodes for the same recall than whole pools do.</summary>
    private static Measured[] Worthwhile(Measured[] byMargin, Measured[] byPool)
    {
        double shares = 0;
        var compared = 0;
        foreach (var pool in byPool)
        {
            // The first margin that recalls as much; there may be none for the largest pools.
            var margin = Array.FindIndex(byMargin, step => step.Recall >= pool.Recall);
            if (margin < 0) break;
            var before = byMargin[Math.Max(0, margin - 1)];
            var share = byMargin[margin].Recall > before.Recall ? (pool.Recall - before.Recall) / (byMargin[margin].Recall - before.Recall) : 1;
            shares += (before.Visited + (Math.Max(0, share) * (byMargin[margin].Visited - before.Visited))) / Math.Max(1, pool.Visited);
            compared++;
        }
        return compared > 0 && shares / compared < WorthwhileShare ? byMargin : [];
    }

    /// <summary>The recall of the sample less one standard error: who asks for a recall shall get it, not half of the times only.</summary>
    private Measured Measure(WalkExtent extent, int k, float[] limits, CancellationToken cancellationToken)
    {
        var visits = new long[_count];
        var shares = new double[_count];
        _threads.ForEach(
            _count,
            () => new SearchScratch(_rows.Stride, 1),
            (_, query) =>
            {
                Span<Neighbor> found = stackalloc Neighbor[k];
                var count = _index.Search(new ReadOnlySpan<float>(Query(query), _rows.Dimension), extent, found, out visits[query], cancellationToken);
                var near = 0;
                foreach (var neighbor in found[..count])
                {
                    // A row as near as the last true one is as good, whichever it is.
                    if (neighbor.Score >= limits[query]) near++;
                }
                var possible = Math.Min(k, _counts[query]);
                shares[query] = possible == 0 ? 1 : Math.Min(near, possible) / (double)possible;
            },
            cancellationToken);
        if (_count == 0) return new Measured(1, 0);
        var mean = shares.Average();
        var variance = shares.Sum(share => (share - mean) * (share - mean)) / _count;
        return new Measured(Math.Max(0, mean - Math.Sqrt(variance / _count)), visits.Average());
    }

    /// <summary>What walks of one extent did.</summary>
    /// <param name="Recall">What they found, less one standard error.</param>
    /// <param name="Visited">Nodes that one came to, in the mean.</param>
    private readonly record struct Measured(double Recall, double Visited);
}
