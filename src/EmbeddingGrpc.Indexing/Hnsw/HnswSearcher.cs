using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Searches a graph: down the upper layers, a walk on layer 0, exact scores for the best. Any number of threads; no allocation.</summary>
internal sealed unsafe class HnswSearcher(HnswGraph graph, VectorRows rows, HnswOptions options) : IDisposable
{
    /// <summary>
    /// Candidates that are scored exactly, for each neighbour wanted: within three times as many the codes have lost no true neighbour that
    /// the walk had found.
    /// </summary>
    private const int RerankFactor = 3;

    /// <summary>Items asked about to guess how many a filter accepts.</summary>
    private const int Sample = 256;

    /// <summary>A filter that accepts fewer items than this many a place of the pool is cheaper to scan than to walk.</summary>
    private const int ScanBelow = 4096;

    private const int LargestPool = 1 << 14;

    private readonly ScratchPool _scratches = new(rows.Stride, graph.Codec.Stride);

    /// <summary>Finds the nearest items.</summary>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        var scratch = _scratches.Rent();
        try
        {
            var padded = scratch.SetQuery(query);
            if (graph.Entry < 0) return 0;
            var wanted = Math.Min(results.Length, rows.Count);
            var ef = Math.Max(parameters.Ef == 0 ? options.EfSearch : parameters.Ef, wanted);
            if (parameters.Filter is not { } filter)
            {
                var nearest = Walk(padded, ef, new AdmitAll(), results, scratch);
                return nearest == wanted ? nearest : ExactScan.Run(rows, graph.Codec.Metric, padded, null, results, cancellationToken);
            }

            var matching = Estimate(filter);
            if (matching < ScanBelow) return ExactScan.Run(rows, graph.Codec.Metric, padded, filter, results, cancellationToken);
            // As many accepted ones are to be seen as an unfiltered walk would see items.
            var widened = (int)Math.Min(LargestPool, ef * (long)rows.Count / matching);
            var found = Walk(padded, Math.Max(ef, widened), new AdmitFiltered(filter), results, scratch);
            return found == wanted ? found : ExactScan.Run(rows, graph.Codec.Metric, padded, filter, results, cancellationToken);
        }
        finally
        {
            _scratches.Return(scratch);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _scratches.Dispose();

    private int Walk<TAdmission>(float* query, int ef, TAdmission admission, Span<Neighbor> results, SearchScratch scratch)
        where TAdmission : struct, IAdmission =>
        graph.Codec.Metric == SimilarityMetric.Euclidean
            ? Walk<EuclideanKeys, TAdmission>(query, ef, admission, results, scratch)
            : Walk<SphereKeys, TAdmission>(query, ef, admission, results, scratch);

    private int Walk<TKeys, TAdmission>(float* query, int ef, TAdmission admission, Span<Neighbor> results, SearchScratch scratch)
        where TKeys : struct, IWalkKeys
        where TAdmission : struct, IAdmission
    {
        var codes = graph.Codes;
        var encoded = graph.Codec.EncodeQuery(query, scratch.QueryCodes, scratch.Transformed);
        var node = graph.Entry;
        for (var i = graph.Layers.Length - 1; i > 0; i--)
        {
            var layer = graph.Layers[i];
            node = layer.Below(GraphWalk<TKeys>.Descend(layer, layer.Count, codes, encoded, node));
        }

        var reranked = (int)Math.Min(ef, (long)RerankFactor * results.Length);
        var pool = scratch.Candidates(ef);
        if (typeof(TAdmission) == typeof(AdmitAll))
        {
            GraphWalk<TKeys>.Run(graph.Layers[0], rows.Count, codes, encoded, node, ref pool, scratch);
            return Rerank(pool, reranked, query, results);
        }
        var accepted = scratch.Accepted(reranked);
        GraphWalk<TKeys>.Run(graph.Layers[0], rows.Count, codes, encoded, node, ref pool, admission, ref accepted, scratch);
        return Rerank(accepted, reranked, query, results);
    }

    private int Rerank(in CandidatePool pool, int reranked, float* query, Span<Neighbor> results)
    {
        reranked = Math.Min(reranked, pool.Count);
        for (var i = 0; i < reranked; i++) CodeKernels.Prefetch(rows.Row(pool.NodeAt(i)), rows.Stride * sizeof(float));
        var scorer = new ExactScorer(graph.Codec.Metric, query, rows.Stride);
        var nearest = new NearestList(results);
        for (var i = 0; i < reranked; i++)
        {
            var item = pool.NodeAt(i);
            nearest.Offer(new Neighbor(new ItemOrdinal(item), scorer.Score(rows.Row(item))));
        }
        return nearest.Finish();
    }

    /// <summary>Guesses how many items a filter accepts from evenly spread ones.</summary>
    private long Estimate(IItemFilter filter)
    {
        var asked = Math.Min(Sample, rows.Count);
        var accepted = 0;
        for (var i = 0; i < asked; i++)
        {
            if (filter.Accepts(new ItemOrdinal((int)((long)i * rows.Count / asked)))) accepted++;
        }
        return (long)accepted * rows.Count / Math.Max(1, asked);
    }
}
