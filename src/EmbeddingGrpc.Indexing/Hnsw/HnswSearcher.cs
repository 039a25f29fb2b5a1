using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Searches a graph: down the upper layers, a walk on layer 0, exact scores for the best. Any number of threads; no allocation.</summary>
internal sealed unsafe class HnswSearcher(IGraphWriter writer, VectorRows rows, ItemBits deleted, HnswOptions options) : IDisposable
{
    /// <summary>
    /// Candidates by which a walk goes beyond its pool, having three under way: measured as what half a filter takes from the recall of a pool of ten.
    /// </summary>
    private const int UnderWay = 10;

    /// <summary>
    /// A candidate is scored exactly while it is farther than the last one wanted by at most so many standard deviations of the codes' errors,
    /// the sum of two errors. Measured on 100,000 word vectors at ef 512: 4 lose 0.0004 of recall, 6 lose 0.0001 and score 27 for 10.
    /// </summary>
    private const float CodeErrors = 6;

    /// <summary>
    /// The same by dot product, where what is nearest is extreme: its values lie where ranges of codes end, and its errors are two to three times
    /// as large. Measured on 100,000 rows of a trained W2 with means of W1 rows, at ef 512: 6 lose 0.009 of recall, 12 lose 0.001 and score 25 for 10.
    /// </summary>
    private const float ProductCodeErrors = 12;

    /// <summary>So few items are scanned faster than walked through.</summary>
    private const int ScanItems = 256;

    /// <summary>Items asked about to guess how many a filter accepts.</summary>
    private const int Sample = 256;

    /// <summary>
    /// What one candidate of a filtered walk's pool costs, in rows that a scan scores: its links, their codes, and the pool. Measured with 100,000 word
    /// vectors x 100: 0.35 us against 50 ns.
    /// </summary>
    private const int RowsACandidate = 7;

    /// <summary>Items that a scan asks the filter about in the time that it takes to score one row; a simple filter takes 2 ns.</summary>
    private const int ItemsARow = 25;

    private const int LargestPool = 1 << 14;

    /// <summary>
    /// A walk is ended by its margin where no more than a fifth is left out, as many as may be deleted. It was measured without a filter: where the last one wanted lies at the edge of what is
    /// like the query, because half of that is left out, a small margin ends before the rest is found (.74 instead of .8 of 8,000 clustered rows).
    /// </summary>
    private const double LeastAcceptedShare = 0.8;

    /// <summary>
    /// Which neighbour a margin is measured from at least: the first alone, of a query that is a row itself, would end a walk at once. Calibration measures it from this one too.
    /// </summary>
    private const int LeastRank = RecallCalibration.Neighbors;

    private readonly ScratchPool _scratches = new(rows.Stride, PackedCodec.MostQueryBytes(writer.Graph.Codec.Metric, rows.Dimension));
    private RecallCalibration? _calibration;

    /// <summary>Which pool gives which recall; null where that was not measured.</summary>
    public RecallCalibration? Calibration { get => Volatile.Read(ref _calibration); set => Volatile.Write(ref _calibration, value); }

    /// <summary>Finds the nearest items.</summary>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        var scratch = _scratches.Rent();
        try
        {
            return Search(query, parameters, ExtentOf(parameters), results, scratch, cancellationToken);
        }
        finally
        {
            _scratches.Return(scratch);
        }
    }

    /// <summary>Finds the nearest items by a walk of a given extent, for calibration.</summary>
    /// <param name="query">[dimension].</param>
    /// <param name="extent">How far it goes.</param>
    /// <param name="results">As many as are wanted.</param>
    /// <param name="visited">Receives how many nodes it came to.</param>
    /// <param name="cancellationToken">As above.</param>
    public int Search(ReadOnlySpan<float> query, WalkExtent extent, Span<Neighbor> results, out long visited, CancellationToken cancellationToken)
    {
        var scratch = _scratches.Rent();
        try
        {
            var before = scratch.Visited;
            var found = Search(query, new SearchParameters(results.Length), extent, results, scratch, cancellationToken);
            visited = scratch.Visited - before;
            return found;
        }
        finally
        {
            _scratches.Return(scratch);
        }
    }

    private int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, WalkExtent? extent, Span<Neighbor> results, SearchScratch scratch, CancellationToken cancellationToken)
    {
        // In this order: the graph that is read after the count has codes for all these items.
        var items = writer.Graph.Ground.Count;
        var graph = writer.Graph;
        var live = items - deleted.Count;
        var padded = scratch.SetQuery(query);
        var wanted = Math.Min(results.Length, live);
        if (items > ScanItems && wanted > 0 && extent is { } walk)
        {
            var raised = walk with { Ef = Math.Max(walk.Ef, wanted) };
            var found = parameters.Filter is null
                ? WalkLive(graph, items, live, writer.Tombstones, padded, raised, results, scratch)
                : WalkFiltered(graph, items, padded, raised, parameters.TargetRecall > 0, parameters.Filter, results, scratch);
            if (found >= wanted) return found;
        }
        // Few items, or fewer found than there are (or may be, for a filter): what the walk missed is not missed here.
        return ExactScan.Run(rows, items, graph.Codec.Metric, padded, deleted, parameters.Filter, results, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _scratches.Dispose();

    /// <summary>Extent of a search; null where only a scan gives the recall that it asks for.</summary>
    private WalkExtent? ExtentOf(in SearchParameters parameters)
    {
        if (parameters.TargetRecall >= 1) return null;
        var calibration = Calibration;
        var ef = parameters.TargetRecall > 0 && calibration is not null ? calibration.EfFor(parameters.TargetRecall, parameters.Count)
            : parameters.TargetRecall == 0 && parameters.Ef > 0 ? parameters.Ef
            : options.EfSearch;
        return ef is not { } pool ? null : calibration?.ExtentFor(pool, parameters.Count) ?? new WalkExtent(pool);
    }

    private int WalkLive(HnswGraph graph, int items, int live, int tombstones, float* query, WalkExtent extent, Span<Neighbor> results, SearchScratch scratch)
    {
        if (tombstones == 0) return Walk(graph, items, query, extent, new AdmitAll(), results, scratch);
        // As many live ones are to be in the pool as if there were no others, and half as many more for the ways that lead through deleted
        // ones: with these a churned graph recalls as a fresh one does, by every metric.
        var ef = extent.Ef;
        var widened = (int)Math.Min(LargestPool, ef + (3L * ef * tombstones / (2L * live)));
        return Walk(graph, items, query, extent with { Ef = Math.Max(ef, widened) }, new AdmitLive(deleted), results, scratch);
    }

    private int WalkFiltered(
        HnswGraph graph, int items, float* query, WalkExtent extent, bool hasTarget, IItemFilter filter, Span<Neighbor> results, SearchScratch scratch)
    {
        var listed = filter.Listed;
        var accepted = listed?.Length ?? Estimate(filter, items);
        // What is listed need not be looked for.
        if (IsScanCheaper(accepted, listed is null ? items / ItemsARow : 0, items, extent.WholePool)) return 0;
        if (accepted < LeastAcceptedShare * items) extent = new WalkExtent(extent.WholePool);
        var ef = extent.Ef;
        // As many accepted ones are to be in the pool as if there were no others; where a recall is promised, half as many more, as for deleted ones: the pool
        // was calibrated without a filter.
        // What a walk has under way when it could end leads it on beyond its pool, by as much whatever the pool's size: a share of what it found without a filter, for which there must be
        // room here.
        var (halves, reached) = hasTarget ? (3L, ef + UnderWay) : (2L, ef);
        var widened = (int)Math.Min(LargestPool, ef + (halves * reached * (items - accepted) / (2L * accepted)));
        return Walk(graph, items, query, extent with { Ef = Math.Max(ef, widened) }, new AdmitFiltered(deleted, filter), results, scratch);
    }

    private int Walk<TAdmission>(
        HnswGraph graph, int items, float* query, WalkExtent extent, TAdmission admission, Span<Neighbor> results, SearchScratch scratch)
        where TAdmission : struct, IAdmission =>
        graph.Codec.Metric == SimilarityMetric.Euclidean
            ? Walk<PackedEuclideanKeys, TAdmission>(graph, items, query, extent, admission, results, scratch)
            : Walk<PackedSphereKeys, TAdmission>(graph, items, query, extent, admission, results, scratch);

    private int Walk<TKeys, TAdmission>(
        HnswGraph graph, int items, float* query, WalkExtent extent, TAdmission admission, Span<Neighbor> results, SearchScratch scratch)
        where TKeys : struct, IWalkKeys
        where TAdmission : struct, IAdmission
    {
        var codes = graph.Codes;
        var encoded = graph.Codec.EncodeQuery(query, asRow: false, scratch.QueryCodes, scratch.Transformed);
        var node = GraphWalk<TKeys>.DescendToGround(graph.Layers, items, codes, encoded, graph.Entry, scratch);
        var ef = extent.Ef;
        var margin = WalkMargin.Of(Math.Max(LeastRank, results.Length), extent.Margin);
        var pool = scratch.Candidates(ef);
        if (typeof(TAdmission) == typeof(AdmitAll))
        {
            GraphWalk<TKeys>.Run(graph.Ground, items, codes, encoded, node, ref pool, admission, ref pool, scratch, margin);
            return Rerank<TKeys>(graph.Codec.Metric, pool, encoded, query, results);
        }
        // Of those that may be answered as many are kept as the pool would hold if there were no others.
        var accepted = scratch.Accepted(Math.Min(ef, Math.Max(options.EfSearch, 4 * results.Length)));
        GraphWalk<TKeys>.Run(graph.Ground, items, codes, encoded, node, ref pool, admission, ref accepted, scratch, margin);
        return Rerank<TKeys>(graph.Codec.Metric, accepted, encoded, query, results);
    }

    private int Rerank<TKeys>(SimilarityMetric metric, in CandidatePool pool, in QueryCode encoded, float* query, Span<Neighbor> results)
        where TKeys : struct, IWalkKeys
    {
        // As far as a true neighbour may have fallen behind: few where neighbours differ by more than the codes err, all where they do not.
        var reranked = Math.Min(results.Length, pool.Count);
        if (reranked == 0) return 0;
        var errors = metric == SimilarityMetric.DotProduct ? ProductCodeErrors : CodeErrors;
        var last = TKeys.Farther(pool.KeyAt(reranked - 1), errors * encoded.Deviation, encoded);
        while (reranked < pool.Count && pool.KeyAt(reranked) <= last) reranked++;
        for (var i = 0; i < reranked; i++) CodeKernels.Prefetch(rows.Row(pool.NodeAt(i)), rows.Stride * sizeof(float));
        var scorer = new ExactScorer(metric, query, rows.Stride);
        var nearest = new NearestList(results);
        for (var i = 0; i < reranked; i++)
        {
            var item = pool.NodeAt(i);
            nearest.Offer(new Neighbor(new ItemOrdinal(item), scorer.Score(rows.Row(item))));
        }
        return nearest.Finish();
    }

    /// <summary>
    /// Whether a scan of all that a filter accepts takes less than a walk, whose pool is as much larger as there are more items that it does not accept:
    /// at ef 128 below 3,900 accepted of 20,000 items, 7,700 of 100,000, 16,000 of a million; of listed ones below 4,200, 9,500 and 30,000.
    /// </summary>
    /// <param name="accepted">How many it accepts.</param>
    /// <param name="asking">What asking it about all items costs, in rows scored.</param>
    /// <param name="items">How many there are.</param>
    /// <param name="ef">Pool of a walk without a filter.</param>
    private static bool IsScanCheaper(long accepted, int asking, int items, int ef) => accepted * (accepted + asking) < RowsACandidate * (long)ef * items;

    /// <summary>Guesses how many items a filter accepts from evenly spread ones.</summary>
    private static long Estimate(IItemFilter filter, int items)
    {
        var asked = Math.Min(Sample, items);
        var accepted = 0;
        for (var i = 0; i < asked; i++)
        {
            if (filter.Accepts(new ItemOrdinal((int)((long)i * items / asked)))) accepted++;
        }
        return (long)accepted * items / asked;
    }
}
