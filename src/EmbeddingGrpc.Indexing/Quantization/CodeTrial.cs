using System.Runtime.CompilerServices;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>
/// Tells whether codes are fine enough for the rows that they stand for: whether the true nearest of a sample of rows are among the first
/// few by codes, where a search scores them exactly. Rows of dense clusters, whose differences are finer than a code, fail it. Immutable
/// after construction.
/// </summary>
/// <remarks>
/// It asks the codes alone, not a graph, and so can be held before one is built: a graph of such codes would have to be built twice. Scans
/// of a few dozen rows cost about a hundredth of a build.
/// </remarks>
internal sealed unsafe class CodeTrial
{
    /// <summary>Share of the true nearest that must be found.</summary>
    private const double Enough = 0.98;

    private const int Sample = 64;
    private const int QueriesAPiece = 8;
    private const int Nearest = 10;

    /// <summary>How many of the first by codes are looked at: fewer than a search's pool usually has.</summary>
    private const int Looked = 64;

    private const int Block = 1024;

    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly SimilarityMetric _metric;
    private readonly BuildThreads _threads;
    private readonly float? _linkRadius;
    private readonly int[] _items;
    private readonly float[] _limits;
    private readonly int[] _counts;

    /// <summary>Finds the truth for a sample of rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="deleted">Rows that do not count.</param>
    /// <param name="metric">What near means.</param>
    /// <param name="threads">Who scans.</param>
    /// <param name="linkRadius">Length that rows are brought to where links are chosen, for a trial in that space; null for one by the metric.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    public CodeTrial(
        VectorRows rows, ItemBits deleted, SimilarityMetric metric, BuildThreads threads, float? linkRadius, CancellationToken cancellationToken)
    {
        _linkRadius = linkRadius;
        _rows = rows;
        _deleted = deleted;
        _metric = metric;
        _threads = threads;
        _items = SampleOf(rows.Count, deleted);
        _limits = new float[_items.Length];
        _counts = new int[_items.Length];
        if (linkRadius is null)
        {
            threads.ForEach(Pieces, () => new SearchScratch(rows.Stride, 1), (_, piece) => FindExact(piece, cancellationToken), cancellationToken);
        }
        else
        {
            threads.ForEach(_items.Length, () => new SearchScratch(rows.Stride, 1), (scratch, sample) => FindLinks(sample, scratch), cancellationToken);
        }
    }

    private int Pieces => (_items.Length + QueriesAPiece - 1) / QueriesAPiece;

    /// <summary>Whether codes are fine enough.</summary>
    /// <param name="codes">The codes of all rows.</param>
    /// <param name="queryOf">Makes a query of an item.</param>
    /// <param name="newScratch">Makes a scratch for a thread.</param>
    /// <param name="cancellationToken">Checked between rows of the sample.</param>
    public bool Passes<TKeys>(
        CodeRows codes, Func<int, SearchScratch, QueryCode> queryOf, Func<SearchScratch> newScratch, CancellationToken cancellationToken)
        where TKeys : struct, IWalkKeys
    {
        var found = new int[_items.Length];
        _threads.ForEach(
            _items.Length,
            newScratch,
            (scratch, sample) => found[sample] = Found<TKeys>(codes, queryOf(_items[sample], scratch), sample, scratch),
            cancellationToken);
        return found.Sum() >= Enough * _counts.Sum();
    }

    private static int[] SampleOf(int count, ItemBits deleted)
    {
        var items = new SortedSet<int>();
        for (var i = 0; i < Sample && count > 0; i++)
        {
            var item = (int)((long)i * count / Sample);
            while (item < count && deleted.Contains(item)) item++;
            if (item < count) items.Add(item);
        }
        return [.. items];
    }

    private void FindExact(int piece, CancellationToken cancellationToken)
    {
        var first = piece * QueriesAPiece;
        var count = Math.Min(QueriesAPiece, _items.Length - first);
        Span<nint> queries = stackalloc nint[count];
        for (var i = 0; i < count; i++) queries[i] = (nint)_rows.Row(_items[first + i]);
        Span<Neighbor> nearest = stackalloc Neighbor[count * Nearest];
        ExactBatch.Run(_rows, _rows.Count, _metric, queries, _deleted, null, Nearest, nearest, _counts.AsSpan(first, count), cancellationToken);
        for (var i = 0; i < count; i++) _limits[first + i] = nearest[(i * Nearest) + _counts[first + i] - 1].Score;
    }

    private void FindLinks(int sample, SearchScratch scratch)
    {
        var space = Space(sample);
        scratch.MakeRoom(Block);
        var pool = scratch.Candidates(CandidatePool.Rounded(Nearest));
        var distances = (float*)scratch.Keys;
        for (var first = 0; first < _rows.Count; first += Block)
        {
            var count = LiveRows(first, scratch);
            space.Measure(scratch.Batch, count, distances);
            for (var i = 0; i < count; i++)
            {
                var entry = CandidatePool.Entry(SortableFloat.ToKey(distances[i]), (int)scratch.Batch[i]);
                if (entry < pool.Worst) pool.Insert(entry);
            }
        }
        _counts[sample] = Math.Min(Nearest, pool.Count);
        _limits[sample] = -SortableFloat.FromKey(pool.KeyAt(_counts[sample] - 1));
    }

    private RowSpace Space(int sample)
    {
        var space = new RowSpace(_rows, _metric, _linkRadius!.Value);
        space.Center(_items[sample]);
        return space;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int LiveRows(int first, SearchScratch scratch)
    {
        var count = 0;
        for (var item = first; item < Math.Min(first + Block, _rows.Count); item++)
        {
            if (!_deleted.Contains(item)) scratch.Batch[count++] = (uint)item;
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Found<TKeys>(CodeRows codes, in QueryCode query, int sample, SearchScratch scratch)
        where TKeys : struct, IWalkKeys
    {
        scratch.MakeRoom(Block);
        var pool = scratch.Candidates(Looked);
        for (var first = 0; first < _rows.Count; first += Block)
        {
            var count = LiveRows(first, scratch);
            TKeys.Compute(codes.Pointer, scratch.Batch, count, query, scratch.Keys);
            for (var i = 0; i < count; i++)
            {
                var entry = CandidatePool.Entry(scratch.Keys[i], (int)scratch.Batch[i]);
                if (entry < pool.Worst) pool.Insert(entry);
            }
        }
        // Rows as near as the last true one count, whichever they are.
        var found = 0;
        if (_linkRadius is null)
        {
            var scorer = new ExactScorer(_metric, _rows.Row(_items[sample]), _rows.Stride);
            for (var i = 0; i < pool.Count; i++)
            {
                if (scorer.Score(_rows.Row(pool.NodeAt(i))) >= _limits[sample]) found++;
            }
        }
        else
        {
            for (var i = 0; i < pool.Count; i++) scratch.Items[i] = (uint)pool.NodeAt(i);
            var distances = (float*)scratch.Keys;
            Space(sample).Measure(scratch.Items, pool.Count, distances);
            for (var i = 0; i < pool.Count; i++)
            {
                if (-distances[i] >= _limits[sample]) found++;
            }
        }
        return Math.Min(found, _counts[sample]);
    }
}
