using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Measures which size of the candidate pool gives which recall, on a sample of queries. Of one calibration.</summary>
internal sealed unsafe class Calibrator : IDisposable
{
    /// <summary>Enough: the largest recall that can be asked for, but for an exact search.</summary>
    private const double MostRecall = 0.999;

    private const int Sample = 256;
    private const int QueriesAPiece = 16;
    private const int K = RecallCalibration.Neighbors;

    private readonly HnswIndex _index;
    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly NativeRegion _queries;
    private readonly int _count;
    private readonly int _items;
    private readonly BuildThreads _threads;
    private readonly float[] _limits;
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
        _counts = new int[_count];
    }

    /// <summary>Measures.</summary>
    public RecallCalibration Run(CancellationToken cancellationToken)
    {
        var live = _index.Count;
        var pieces = (_count + QueriesAPiece - 1) / QueriesAPiece;
        _threads.ForEach(pieces, () => new SearchScratch(_rows.Stride, 1), (_, piece) => FindExact(piece, cancellationToken), cancellationToken);
        var recalls = new List<double>();
        foreach (var ef in RecallCalibration.Ladder)
        {
            recalls.Add(Recall(ef, cancellationToken));
            if (recalls[^1] >= MostRecall) break;
        }
        return new RecallCalibration(live, recalls.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose() => _queries.Dispose();

    private float* Query(int number) => (float*)_queries.Pointer + ((long)number * _rows.Stride);

    private void FindExact(int piece, CancellationToken cancellationToken)
    {
        var first = piece * QueriesAPiece;
        var count = Math.Min(QueriesAPiece, _count - first);
        Span<nint> queries = stackalloc nint[count];
        for (var i = 0; i < count; i++) queries[i] = (nint)Query(first + i);
        var nearest = new Neighbor[count * K];
        ExactBatch.Run(_rows, _items, _index.Metric, queries, _deleted, K, nearest, _counts.AsSpan(first, count), cancellationToken);
        for (var i = 0; i < count; i++)
        {
            if (_counts[first + i] > 0) _limits[first + i] = nearest[(i * K) + _counts[first + i] - 1].Score;
        }
    }

    private double Recall(int ef, CancellationToken cancellationToken)
    {
        long hits = 0;
        _threads.ForEach(
            _count,
            () => new SearchScratch(_rows.Stride, 1),
            (_, query) =>
            {
                Span<Neighbor> found = stackalloc Neighbor[K];
                var count = _index.Search(
                    new ReadOnlySpan<float>(Query(query), _rows.Dimension), new SearchParameters(K, ef), found, cancellationToken);
                var near = 0;
                foreach (var neighbor in found[..count])
                {
                    // A row as near as the last true one is as good, whichever it is.
                    if (neighbor.Score >= _limits[query]) near++;
                }
                Interlocked.Add(ref hits, Math.Min(near, _counts[query]));
            },
            cancellationToken);
        var possible = _counts.Sum(count => (long)count);
        return possible == 0 ? 1 : hits / (double)possible;
    }
}
