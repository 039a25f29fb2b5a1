using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Decides which codes a graph is searched and built with, and has it built. Both are the cheapest that a <see cref="CodeTrial"/> on the rows
/// passes; where rows lie so close together that no 8-bit code tells them apart, 16-bit codes lead and links are chosen by the floats.
/// </summary>
internal sealed unsafe class GraphPlan
{
    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly SimilarityMetric _metric;
    private readonly HnswOptions _options;
    private readonly FineCodec _fine;
    private readonly BuildThreads _threads;
    private readonly CodeTrial _trial;
    private readonly CancellationToken _cancellationToken;

    private GraphPlan(VectorRows rows, ItemBits deleted, SimilarityMetric metric, HnswOptions options, CancellationToken cancellationToken)
    {
        _rows = rows;
        _deleted = deleted;
        _metric = metric;
        _options = options;
        _cancellationToken = cancellationToken;
        _threads = new BuildThreads(options.BuildThreads, rows.Count);
        _fine = FineCodecFitter.Fit(rows, metric, _threads, cancellationToken);
        _trial = new CodeTrial(rows, deleted, metric, _threads, linkRadius: null, cancellationToken);
    }

    /// <summary>Encodes every row, links every live item, and makes each reachable.</summary>
    /// <exception cref="ArgumentException">A row has a value that is not finite, or is too long; says which.</exception>
    public static HnswGraph Build(
        VectorRows rows, ItemBits deleted, SimilarityMetric metric, HnswOptions options, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var plan = new GraphPlan(rows, deleted, metric, options, cancellationToken);
        var (codec, codes) = plan.SearchCodes();
        try
        {
            return plan.Build(codec, codes, progress);
        }
        catch
        {
            codes.Dispose();
            throw;
        }
    }

    /// <summary>The cheapest codec and its codes for rows that are few or were fitted to too few before.</summary>
    public static (PackedCodec Codec, CodeRows Codes) Refit(VectorRows rows, ItemBits deleted, SimilarityMetric metric) =>
        new GraphPlan(rows, deleted, metric, new HnswOptions { BuildThreads = 1 }, CancellationToken.None).SearchCodes();

    /// <summary>
    /// Share of a walk's pool that is expanded. What the farthest lead to is seldom linked, though the farthest themselves sometimes are: less time for
    /// a recall less by .0008 of 339,479 word vectors by cosine, at ef 96, and by .0045 of the first 100,000 of them. Not by the other metrics: of those it took .005 by
    /// dot product and .03 by Euclid, at ef 64.
    /// </summary>
    private double ExpandedShare => _metric == SimilarityMetric.Cosine ? 0.84 : 1;

    private SearchScratch NewScratch() =>
        new(Math.Max(_rows.Stride, _fine.Stride), Math.Max(_fine.Stride, PackedCodec.MostQueryBytes(_metric, _rows.Dimension)));

    private (PackedCodec Codec, CodeRows Codes) SearchCodes()
    {
        foreach (var precision in (CodePrecision[])[CodePrecision.FewestLines, CodePrecision.EightBits])
        {
            var (codec, codes) = Encode(precision, IndexCapacity.For(_rows.Base));
            try
            {
                if (Passes(codec, codes)) return (codec, codes);
            }
            catch
            {
                codes.Dispose();
                throw;
            }
            codes.Dispose();
        }
        return Encode(CodePrecision.SixteenBits, IndexCapacity.For(_rows.Base));
    }

    private bool Passes(PackedCodec codec, CodeRows codes)
    {
        return _metric == SimilarityMetric.Euclidean
            ? _trial.Passes<PackedEuclideanKeys>(codes, QueryOf, NewScratch, _cancellationToken)
            : _trial.Passes<PackedSphereKeys>(codes, QueryOf, NewScratch, _cancellationToken);

        QueryCode QueryOf(int item, SearchScratch scratch) => codec.EncodeQuery(_rows.Row(item), asRow: false, scratch.QueryCodes, scratch.Transformed);
    }

    private (PackedCodec Codec, CodeRows Codes) Encode(CodePrecision precision, long capacity)
    {
        var codec = PackedCodecFitter.Fit(_rows, _metric, _fine.Mean.ToArray(), _fine.Radius, precision, _threads, _cancellationToken);
        var codes = new CodeRows(codec.Layout.Stride, capacity, _rows.Count);
        return (codec, Filled(codes, (item, scratch) => codec.Encode(_rows.Row(item), codes.Row(item), scratch.Transformed)));
    }

    private CodeRows Filled(CodeRows codes, Action<int, SearchScratch> encode)
    {
        try
        {
            _threads.ForEach(_rows.Count, NewScratch, (scratch, item) => encode(item, scratch), _cancellationToken);
            return codes;
        }
        catch
        {
            codes.Dispose();
            throw;
        }
    }

    private HnswGraph Build(PackedCodec codec, CodeRows codes, IProgress<int>? progress)
    {
        using (var fine = new CodeRows(_fine.Stride, _rows.Count, _rows.Count))
        {
            Filled(fine, (item, scratch) => _fine.Encode(_rows.Row(item), fine.Row(item), scratch.Transformed));
            // By dot product links are chosen in another space than rows are searched in, where rows of one direction are much nearer.
            var trial = _metric == SimilarityMetric.DotProduct ? new CodeTrial(_rows, _deleted, _metric, _threads, _fine.Radius, _cancellationToken) : _trial;
            var passes = _metric == SimilarityMetric.Euclidean
                ? trial.Passes<EuclideanKeys>(fine, FineQueryOf, NewScratch, _cancellationToken)
                : trial.Passes<SphereKeys>(fine, FineQueryOf, NewScratch, _cancellationToken);
            if (passes)
            {
                return _metric == SimilarityMetric.Euclidean
                    ? BuildByCodes<EuclideanKeys>(fine, codec, codes, progress)
                    : BuildByCodes<SphereKeys>(fine, codec, codes, progress);
            }
        }
        if (codec.Precision == CodePrecision.SixteenBits) return BuildByFloats(codec, codes, codec, codes, progress);
        var (wideCodec, wideCodes) = Encode(CodePrecision.SixteenBits, _rows.Count);
        using (wideCodes) return BuildByFloats(wideCodec, wideCodes, codec, codes, progress);

        QueryCode FineQueryOf(int item, SearchScratch scratch) => _fine.EncodeRowAsQuery(_rows.Row(item), scratch.QueryCodes, scratch.Transformed);
    }

    private HnswGraph BuildByCodes<TKeys>(CodeRows fine, PackedCodec codec, CodeRows codes, IProgress<int>? progress)
        where TKeys : struct, IWalkKeys
    {
        var with = new BuildCodes<CodeSpace<TKeys>>(
            fine,
            (item, scratch) => _fine.EncodeRowAsQuery(_rows.Row(item), scratch.QueryCodes, scratch.Transformed),
            scratch => new CodeSpace<TKeys>(_fine, fine, scratch.OtherCodes),
            item => _fine.HalfSquaredNorm(fine.Row(item)),
            NeighborSelection.LeastLinks(_metric, _options.M),
            ExpandedShare);
        return Build<TKeys, CodeSpace<TKeys>>(with, codec, codes, progress);
    }

    private HnswGraph BuildByFloats(PackedCodec buildCodec, CodeRows buildCodes, PackedCodec codec, CodeRows codes, IProgress<int>? progress)
    {
        var with = new BuildCodes<RowSpace>(
            buildCodes,
            (item, scratch) => buildCodec.EncodeQuery(_rows.Row(item), asRow: true, scratch.QueryCodes, scratch.Transformed),
            _ => new RowSpace(_rows, _metric, buildCodec.Radius),
            HalfNormOf: null,
            NeighborSelection.LeastLinks(_metric, _options.M),
            ExpandedShare);
        return _metric switch
        {
            SimilarityMetric.Euclidean => Build<PackedEuclideanKeys, RowSpace>(with, codec, codes, progress),
            SimilarityMetric.DotProduct => Build<PackedLinkKeys, RowSpace>(with, codec, codes, progress),
            _ => Build<PackedSphereKeys, RowSpace>(with, codec, codes, progress),
        };
    }

    private HnswGraph Build<TKeys, TSpace>(BuildCodes<TSpace> with, PackedCodec codec, CodeRows codes, IProgress<int>? progress)
        where TKeys : struct, IWalkKeys
        where TSpace : struct, IDistanceSpace
    {
        var builder = new GraphBuilder<TKeys, TSpace>(_rows, _deleted, _options, with, _threads, NewScratch, _cancellationToken);
        var (layers, entry) = builder.Build(progress, _cancellationToken);
        return new HnswGraph(codec, codes, layers, entry, _rows.Count);
    }
}
