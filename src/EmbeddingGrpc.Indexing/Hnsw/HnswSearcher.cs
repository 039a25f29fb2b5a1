using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Searches a graph: down the upper layers, a walk on layer 0, exact scores for the best. Any number of threads; no allocation.</summary>
internal sealed unsafe class HnswSearcher(IGraphWriter writer, VectorRows rows, ItemBits deleted, HnswOptions options) : IDisposable
{
    /// <summary>So few items are scanned faster than walked through.</summary>
    private const int ScanItems = 256;

    /// <summary>Items asked about to guess how many a filter accepts.</summary>
    private const int Sample = 256;

    /// <summary>A filter that accepts fewer items than this is cheaper to scan than to walk.</summary>
    private const int ScanAccepted = 4096;

    private const int LargestPool = 1 << 14;

    private readonly ScratchPool _scratches = new(rows.Stride, writer.Graph.Codec.Layout.QueryBytes);

    /// <summary>Finds the nearest items.</summary>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        var scratch = _scratches.Rent();
        try
        {
            // In this order: the graph that is read after the count has codes for all these items.
            var items = writer.Graph.Ground.Count;
            var graph = writer.Graph;
            var live = items - deleted.Count;
            var padded = scratch.SetQuery(query);
            var wanted = Math.Min(results.Length, live);
            if (items > ScanItems && wanted > 0)
            {
                var ef = Math.Max(parameters.Ef == 0 ? options.EfSearch : parameters.Ef, wanted);
                var found = parameters.Filter is null
                    ? WalkLive(graph, items, live, padded, ef, results, scratch)
                    : WalkFiltered(graph, items, padded, ef, parameters.Filter, results, scratch);
                if (found >= wanted) return found;
            }
            // Few items, or fewer found than there are (or may be, for a filter): what the walk missed is not missed here.
            return ExactScan.Run(rows, items, graph.Codec.Metric, padded, deleted, parameters.Filter, results, cancellationToken);
        }
        finally
        {
            _scratches.Return(scratch);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _scratches.Dispose();

    private int WalkLive(HnswGraph graph, int items, int live, float* query, int ef, Span<Neighbor> results, SearchScratch scratch)
    {
        if (live == items) return Walk(graph, items, query, ef, new AdmitAll(), results, scratch);
        // As many live ones are to be in the pool as if there were no others.
        var widened = (int)Math.Min(LargestPool, ef * (long)items / live);
        return Walk(graph, items, query, Math.Max(ef, widened), new AdmitLive(deleted), results, scratch);
    }

    private int WalkFiltered(
        HnswGraph graph, int items, float* query, int ef, IItemFilter filter, Span<Neighbor> results, SearchScratch scratch)
    {
        var accepted = Estimate(filter, items);
        if (accepted < ScanAccepted) return 0;
        var widened = (int)Math.Min(LargestPool, ef * (long)items / accepted);
        return Walk(graph, items, query, Math.Max(ef, widened), new AdmitFiltered(deleted, filter), results, scratch);
    }

    private int Walk<TAdmission>(
        HnswGraph graph, int items, float* query, int ef, TAdmission admission, Span<Neighbor> results, SearchScratch scratch)
        where TAdmission : struct, IAdmission =>
        graph.Codec.Metric == SimilarityMetric.Euclidean
            ? Walk<PackedEuclideanKeys, TAdmission>(graph, items, query, ef, admission, results, scratch)
            : Walk<PackedSphereKeys, TAdmission>(graph, items, query, ef, admission, results, scratch);

    private int Walk<TKeys, TAdmission>(
        HnswGraph graph, int items, float* query, int ef, TAdmission admission, Span<Neighbor> results, SearchScratch scratch)
        where TKeys : struct, IWalkKeys
        where TAdmission : struct, IAdmission
    {
        var codes = graph.Codes;
        var encoded = graph.Codec.EncodeQuery(query, asRow: false, scratch.QueryCodes, scratch.Transformed);
        var node = graph.Entry;
        for (var i = graph.Layers.Length - 1; i > 0; i--)
        {
            var layer = graph.Layers[i];
            node = layer.Below(GraphWalk<TKeys>.Descend(layer, items, codes, encoded, node, scratch));
        }

        // All of the pool: among rows that lie close together codes do not tell which is nearest.
        var reranked = ef;
        var pool = scratch.Candidates(ef);
        if (typeof(TAdmission) == typeof(AdmitAll))
        {
            GraphWalk<TKeys>.Run(graph.Ground, items, codes, encoded, node, ref pool, scratch);
            return Rerank(graph.Codec.Metric, pool, reranked, query, results);
        }
        var accepted = scratch.Accepted(reranked);
        GraphWalk<TKeys>.Run(graph.Ground, items, codes, encoded, node, ref pool, admission, ref accepted, scratch);
        return Rerank(graph.Codec.Metric, accepted, reranked, query, results);
    }

    private int Rerank(SimilarityMetric metric, in CandidatePool pool, int reranked, float* query, Span<Neighbor> results)
    {
        reranked = Math.Min(reranked, pool.Count);
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
