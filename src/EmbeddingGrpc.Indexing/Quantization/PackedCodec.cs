using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>
/// How a row becomes the few bits a value that the walk of a search reads, and a query what it multiplies them with. Each value has a range
/// of its own: <c>x ≈ Low + Step · code</c>, so that <c>q · x</c> is <c>Σ (q · Step) · code</c> and a number that is the same for all rows.
/// Immutable.
/// </summary>
/// <remarks>
/// Cosine divides rows by their norms first. Euclid takes the mean of all rows from them and ends each row with half its squared norm, in
/// 16 bits between the least and the largest. Dot product takes rows as they are and ends each with what brings it to one length
/// (<see cref="FineCodec"/> says why), in 8 bits: it counts where a new row is linked, not where rows are searched.
/// </remarks>
internal sealed unsafe class PackedCodec
{
    private readonly float[] _lows;
    private readonly float[] _steps;
    private readonly float[] _mean;

    /// <summary>Puts together a codec.</summary>
    /// <param name="metric">What near means.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="precision">How fine codes are.</param>
    /// <param name="lows">[dimension], the value of code 0.</param>
    /// <param name="steps">[dimension], the width of a code.</param>
    /// <param name="mean">[dimension], what is taken from rows; Euclid only, else empty.</param>
    /// <param name="leastHalfNorm">Half the least squared norm; Euclid only.</param>
    /// <param name="halfNormStep">Width of a code of it; Euclid only.</param>
    /// <param name="radius">Length that rows are brought to; dot product only.</param>
    public PackedCodec(
        SimilarityMetric metric,
        int dimension,
        CodePrecision precision,
        float[] lows,
        float[] steps,
        float[] mean,
        float leastHalfNorm,
        float halfNormStep,
        float radius)
    {
        Metric = metric;
        Dimension = dimension;
        _lows = lows;
        _steps = steps;
        _mean = mean;
        LeastHalfNorm = leastHalfNorm;
        HalfNormStep = halfNormStep;
        Radius = radius;
        Precision = precision;
        Layout = LayoutOf(metric, dimension, precision);
    }

    /// <summary>What near means.</summary>
    public SimilarityMetric Metric { get; }

    /// <summary>How fine codes are.</summary>
    public CodePrecision Precision { get; }

    /// <summary>Where the values lie.</summary>
    public PackedLayout Layout { get; }

    /// <summary>Floats of a row.</summary>
    public int Dimension { get; }

    /// <summary>[dimension], the value of code 0.</summary>
    public ReadOnlySpan<float> Lows => _lows;

    /// <summary>[dimension], the width of a code.</summary>
    public ReadOnlySpan<float> Steps => _steps;

    /// <summary>[dimension], what is taken from rows, or empty.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>Half the least squared norm of a row; Euclid only.</summary>
    public float LeastHalfNorm { get; }

    /// <summary>Width of a code of half the squared norm; Euclid only.</summary>
    public float HalfNormStep { get; }

    /// <summary>Length that rows are brought to; dot product only.</summary>
    public float Radius { get; }

    /// <summary>The layout for a metric.</summary>
    public static PackedLayout LayoutOf(SimilarityMetric metric, int dimension, CodePrecision precision) => PackedLayout.For(
        dimension,
        metric switch { SimilarityMetric.Euclidean => sizeof(ushort), SimilarityMetric.DotProduct => sizeof(byte), _ => 0 },
        precision);

    /// <summary>Writes the packed codes of a row.</summary>
    /// <param name="row">[dimension] floats.</param>
    /// <param name="packed">[stride] bytes, overwritten.</param>
    /// <param name="scratch">[dimension] floats, overwritten.</param>
    public void Encode(float* row, byte* packed, float* scratch)
    {
        var squaredNorm = Transform(row, scratch);
        new Span<byte>(packed, Layout.Stride).Clear();
        for (var i = 0; i < Dimension; i++)
        {
            var code = (uint)Math.Clamp(MathF.Round((scratch[i] - _lows[i]) / _steps[i]), 0, Layout.Levels);
            var bit = i % Layout.PerLine * Layout.Bits;
            var target = packed + (i / Layout.PerLine * PackedLayout.LineBytes) + (bit / 8);
            var shifted = code << (bit % 8);
            target[0] |= (byte)shifted;
            if (shifted > byte.MaxValue) target[1] |= (byte)(shifted >> 8);
        }
        if (Metric == SimilarityMetric.DotProduct && Radius > 0)
        {
            packed[Layout.Stride - sizeof(byte)] = (byte)MathF.Round(Missing(squaredNorm) / Radius * byte.MaxValue);
        }
        if (Metric == SimilarityMetric.Euclidean)
        {
            *(ushort*)(packed + Layout.Stride - sizeof(ushort)) =
                (ushort)Math.Clamp(MathF.Round(((squaredNorm / 2) - LeastHalfNorm) / HalfNormStep), 0, ushort.MaxValue);
        }
    }

    /// <summary>Makes a query.</summary>
    /// <param name="query">[dimension] floats.</param>
    /// <param name="asRow">Whether it lies among the rows, to find what is near to it in the space where links are chosen.</param>
    /// <param name="values">[<see cref="PackedLayout.QueryBytes"/>], overwritten.</param>
    /// <param name="scratch">[dimension] floats, overwritten.</param>
    public QueryCode EncodeQuery(float* query, bool asRow, sbyte* values, float* scratch)
    {
        var squaredNorm = Transform(query, scratch);
        var largest = 0f;
        for (var i = 0; i < Dimension; i++)
        {
            scratch[i] *= _steps[i];
            largest = Math.Max(largest, Math.Abs(scratch[i]));
        }
        var limit = PackedKernels.QueryLimit(Layout.Bits);
        // A zero query keeps a step of 1: its products are 0 all the same.
        var step = largest > 0 ? largest / limit : 1;
        var inverse = float.IsFinite(1 / step) ? 1 / step : 0;
        new Span<sbyte>(values, Layout.QueryBytes).Clear();
        for (var i = 0; i < Dimension; i++)
        {
            var lane = (i / Layout.PerLine * PackedLayout.Lanes) + (i % Layout.PerLine);
            values[lane] = (sbyte)Math.Clamp((int)MathF.Round(scratch[i] * inverse), -limit, limit);
        }
        var tailScale = Metric switch
        {
            SimilarityMetric.Euclidean => HalfNormStep,
            SimilarityMetric.DotProduct when asRow => Missing(squaredNorm) * Radius / byte.MaxValue / step,
            _ => 0,
        };
        return new QueryCode((nint)values, Layout.Stride, 0, step, Layout, tailScale);
    }

    /// <summary>Writes the row as the codes see it and returns its squared norm before cosine's division.</summary>
    internal float Transform(float* row, float* transformed)
    {
        double squaredNorm = 0;
        for (var i = 0; i < Dimension; i++)
        {
            transformed[i] = Metric == SimilarityMetric.Euclidean ? row[i] - _mean[i] : row[i];
            squaredNorm += (double)transformed[i] * transformed[i];
        }
        if (Metric == SimilarityMetric.Cosine && squaredNorm > 0)
        {
            var inverse = 1 / Math.Sqrt(squaredNorm);
            for (var i = 0; i < Dimension; i++) transformed[i] = (float)(transformed[i] * inverse);
        }
        return (float)squaredNorm;
    }

    private float Missing(float squaredNorm) => (float)Math.Sqrt(Math.Max(0, ((double)Radius * Radius) - squaredNorm));
}
