using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Lsh;

/// <summary>
/// Random projections whose signs are the bits of hashes: near directions share most of them. Other metrics are brought to directions first:
/// dot product by one more value that brings all rows to one length (Bachrach et al. 2014), Euclid by turning the distance into a dot
/// product with half the squared norm as a value. Immutable after construction.
/// </summary>
internal sealed unsafe class SignHash
{
    private readonly float[][] _projections;
    private readonly float[] _ofNorm;
    private readonly float[] _ofMissing;
    private readonly double _radius;
    private readonly double _normScale;

    private SignHash(SimilarityMetric metric, float[][] projections, float[] ofNorm, float[] ofMissing, double radius, double normScale)
    {
        Metric = metric;
        _projections = projections;
        _ofNorm = ofNorm;
        _ofMissing = ofMissing;
        _radius = radius;
        _normScale = normScale;
    }

    /// <summary>What near means.</summary>
    public SimilarityMetric Metric { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _projections.Sum(projection => (long)projection.Length * sizeof(float));

    /// <summary>Draws projections and looks at all rows.</summary>
    /// <exception cref="ArgumentException">A row has a value that is not finite, or is too long; says which.</exception>
    public static SignHash Fit(VectorRows rows, SimilarityMetric metric, LshOptions options)
    {
        var random = new Random(unchecked((int)(options.Seed ^ (options.Seed >> 32))));
        var count = options.Tables * options.Bits;
        var projections = new float[count][];
        for (var i = 0; i < count; i++)
        {
            projections[i] = new float[rows.Stride];
            for (var j = 0; j < rows.Dimension; j++) projections[i][j] = Normal(random);
        }
        var (ofNorm, ofMissing) = (new float[count], new float[count]);
        for (var i = 0; i < count; i++) (ofNorm[i], ofMissing[i]) = (Normal(random), Normal(random));

        double sum = 0, longest = 0;
        for (var item = 0; item < rows.Count; item++)
        {
            var squaredNorm = SquaredNorm(rows.Row(item), rows.Stride);
            if (!float.IsFinite(squaredNorm)) throw new ArgumentException($"Row {item} has a value that is not finite, or is too long; every vector of an index must be finite.");
            sum += squaredNorm;
            longest = Math.Max(longest, squaredNorm);
        }
        var normScale = rows.Count > 0 && sum > 0 ? Math.Sqrt(sum / rows.Count) : 1;
        var radius = metric == SimilarityMetric.Euclidean ? longest + (longest * longest / (4 * normScale * normScale)) : longest;
        return new SignHash(metric, projections, ofNorm, ofMissing, radius, normScale);
    }

    /// <summary>Projections of a row, [tables * bits].</summary>
    public void OfRow(int item, VectorRows rows, Span<float> margins)
    {
        var row = rows.Row(item);
        double squaredNorm = SquaredNorm(row, rows.Stride);
        var norm = Metric == SimilarityMetric.Euclidean ? -squaredNorm / (2 * _normScale) : 0;
        var missing = Metric == SimilarityMetric.Cosine ? 0 : Math.Sqrt(Math.Max(0, _radius - squaredNorm - (norm * norm)));
        Project(row, rows.Stride, (float)norm, (float)missing, margins);
    }

    /// <summary>Projections of a query, [tables * bits].</summary>
    /// <param name="query">[row stride], padded.</param>
    /// <param name="margins">Overwritten.</param>
    public void OfQuery(float* query, Span<float> margins) =>
        Project(query, _projections[0].Length, Metric == SimilarityMetric.Euclidean ? (float)_normScale : 0, 0, margins);

    /// <summary>The hash of projections.</summary>
    public static uint Bits(ReadOnlySpan<float> margins)
    {
        uint hash = 0;
        for (var i = 0; i < margins.Length; i++)
        {
            if (margins[i] >= 0) hash |= 1u << i;
        }
        return hash;
    }

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static float SquaredNorm(float* row, int stride) => FloatKernels.Dot(row, row, stride);

    private void Project(float* vector, int stride, float norm, float missing, Span<float> margins)
    {
        for (var i = 0; i < margins.Length; i++)
        {
            fixed (float* projection = _projections[i])
            {
                margins[i] = FloatKernels.Dot(projection, vector, stride) + (norm * _ofNorm[i]) + (missing * _ofMissing[i]);
            }
        }
    }
}
