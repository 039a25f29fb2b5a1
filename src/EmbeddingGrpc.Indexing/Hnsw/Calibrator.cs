using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Measures which size of the candidate pool gives which recall, on a sample of queries. Of one calibration.</summary>
internal sealed unsafe class Calibrator : IDisposable
{
    /// <summary>Enough: the largest recall that can be asked for, but for an exact search.</summary>
    private const double MostRecall = 0.999;

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
        // By dot product a query is far from all rows, more or less alike: ended by margins, walks of W1 means through W2 rows were slower at every recall.
        if (_index.Metric == SimilarityMetric.DotProduct) return new RecallCalibration(live, few, many);
        var fewMargins = ClimbMargins(RecallCalibration.Ladder, few, RecallCalibration.Neighbors, _limits, cancellationToken);
        var manyMargins = ClimbMargins(RecallCalibration.LadderOfMany, many, RecallCalibration.ManyNeighbors, _limitsOfMany, cancellationToken);
        return new RecallCalibration(live, few, many, fewMargins, manyMargins);
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

    private double[] Climb(int[] ladder, int k, float[] limits, CancellationToken cancellationToken)
    {
        var recalls = new List<double>();
        foreach (var ef in ladder)
        {
            recalls.Add(Recall(new WalkExtent(ef), k, limits, cancellationToken));
            if (recalls[^1] >= MostRecall) break;
        }
        return [.. recalls];
    }

    /// <summary>Measures margins until one recalls what the largest pool does.</summary>
    private double[] ClimbMargins(int[] ladder, double[] byPool, int k, float[] limits, CancellationToken cancellationToken)
    {
        var recalls = new List<double>();
        foreach (var thousandths in RecallCalibration.Margins)
        {
            // With a pool as for the recall of the margin before, which is a little less than it will have.
            var pool = ladder[0];
            for (var i = 0; i < byPool.Length && recalls.Count > 0 && byPool[i] <= recalls[^1]; i++) pool = ladder[i];
            recalls.Add(Recall(new WalkExtent(RecallCalibration.PoolGrowth * pool, RecallCalibration.MarginOf(thousandths)), k, limits, cancellationToken));
            if (recalls[^1] >= byPool[^1]) break;
        }
        return [.. recalls];
    }

    /// <summary>The recall of the sample less one standard error: who asks for a recall shall get it, not half of the times only.</summary>
    private double Recall(WalkExtent extent, int k, float[] limits, CancellationToken cancellationToken)
    {
        var shares = new double[_count];
        _threads.ForEach(
            _count,
            () => new SearchScratch(_rows.Stride, 1),
            (_, query) =>
            {
                Span<Neighbor> found = stackalloc Neighbor[k];
                var count = _index.Search(new ReadOnlySpan<float>(Query(query), _rows.Dimension), extent, found, cancellationToken);
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
        if (_count == 0) return 1;
        var mean = shares.Average();
        var variance = shares.Sum(share => (share - mean) * (share - mean)) / _count;
        return Math.Max(0, mean - Math.Sqrt(variance / _count));
    }
}
