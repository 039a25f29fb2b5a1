using System.Runtime.CompilerServices;
using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>
/// How a row becomes the few bits a value that the walk of a search reads, and a query what it multiplies them with. Each value has a range
/// of its own: <c>x ≈ Low + Step · code</c>, so that <c>q · x</c> is <c>Σ (q · Step) · code</c> and a number that is the same for all rows.
/// Immutable.
/// </summary>
/// <remarks>
/// Cosine divides rows by their norms first. Euclid takes the mean of all rows from them and ends each row with half its squared norm. Dot
/// product takes rows as they are and ends each with what brings it to one length (<see cref="FineCodec"/> says why): it counts where a new
/// row is linked, not where rows are searched.
/// </remarks>
internal sealed unsafe class PackedCodec
{
    private readonly PackedCodecValues _values;
    private readonly CodeRange _range;

    /// <summary>Puts together a codec.</summary>
    /// <param name="metric">What near means.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="precision">How fine codes are.</param>
    /// <param name="values">What was fitted to the rows.</param>
    public PackedCodec(SimilarityMetric metric, int dimension, CodePrecision precision, PackedCodecValues values)
    {
        Metric = metric;
        Dimension = dimension;
        Precision = precision;
        Layout = LayoutOf(metric, dimension, precision);
        _values = values;
        _range = CodeRange.Of(Layout, dimension);
    }

    /// <summary>What near means.</summary>
    public SimilarityMetric Metric { get; }

    /// <summary>How fine codes are.</summary>
    public CodePrecision Precision { get; }

    /// <summary>Where the values lie.</summary>
    public PackedLayout Layout { get; }

    /// <summary>Floats of a row.</summary>
    public int Dimension { get; }

    /// <summary>What was fitted to the rows.</summary>
    public PackedCodecValues Values => _values;

    /// <summary>Length that rows are brought to; dot product only.</summary>
    public float Radius => _values.Radius;

    /// <summary>The layout for a metric.</summary>
    public static PackedLayout LayoutOf(SimilarityMetric metric, int dimension, CodePrecision precision)
    {
        var wide = precision == CodePrecision.SixteenBits;
        return PackedLayout.For(
            dimension,
            metric switch
            {
                SimilarityMetric.Euclidean => wide ? sizeof(float) : sizeof(ushort),
                SimilarityMetric.DotProduct => wide ? sizeof(ushort) : sizeof(byte),
                _ => 0,
            },
            precision);
    }

    /// <summary>Bytes of an encoded query of any precision, at most.</summary>
    public static int MostQueryBytes(SimilarityMetric metric, int dimension) =>
        Enum.GetValues<CodePrecision>().Max(precision => LayoutOf(metric, dimension, precision).QueryBytes);

    /// <summary>Writes the packed codes of a row.</summary>
    /// <param name="row">[dimension] floats.</param>
    /// <param name="packed">[stride] bytes, overwritten.</param>
    /// <param name="scratch">[dimension] floats, overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(float* row, byte* packed, float* scratch)
    {
        var squaredNorm = Transform(row, scratch);
        new Span<byte>(packed, Layout.Stride).Clear();
        for (var i = 0; i < Dimension; i++)
        {
            var code = (uint)Math.Clamp(MathF.Round((scratch[i] - _values.Lows[i]) / _values.Steps[i]), 0, _range.Levels);
            if (Layout.IsWide)
            {
                ((short*)packed)[i] = (short)((int)code - (_range.Levels / 2));
                continue;
            }
            var bit = i % Layout.PerLine * Layout.Bits;
            var target = packed + (i / Layout.PerLine * PackedLayout.LineBytes) + (bit / 8);
            var shifted = code << (bit % 8);
            target[0] |= (byte)shifted;
            if (shifted > byte.MaxValue) target[1] |= (byte)(shifted >> 8);
        }
        WriteTail(packed + Layout.Stride, squaredNorm);
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
        double variance = 0;
        // With a row of zeros, in the middle of 16 bits as of fewer: what the codes' products leave out.
        double product = 0;
        var middle = Layout.IsWide ? _range.Levels / 2 : 0;
        for (var i = 0; i < Dimension; i++)
        {
            variance += (double)scratch[i] * scratch[i] * _values.Errors[i];
            product += scratch[i] * (_values.Lows[i] + ((double)middle * _values.Steps[i]));
            scratch[i] *= _values.Steps[i];
            largest = Math.Max(largest, Math.Abs(scratch[i]));
        }
        var limit = _range.QueryLimit;
        // A zero query keeps a step of 1: its products are 0 all the same.
        var step = largest > 0 ? largest / limit : 1;
        var inverse = float.IsFinite(1 / step) ? 1 / step : 0;
        new Span<sbyte>(values, Layout.QueryBytes).Clear();
        for (var i = 0; i < Dimension; i++)
        {
            var value = Math.Clamp((int)MathF.Round(scratch[i] * inverse), -limit, limit);
            // What rounding takes from the query counts as often as a row has codes there; of 8-bit codes it is more than their own error.
            var rounded = (scratch[i] - (value * (double)step)) * _range.Spread;
            variance += rounded * rounded;
            if (Layout.IsWide) ((short*)values)[i] = (short)value;
            else values[(i / Layout.PerLine * PackedLayout.Lanes) + (i % Layout.PerLine)] = (sbyte)value;
        }
        var tailScale = Metric switch
        {
            SimilarityMetric.Euclidean => _values.HalfNormStep,
            SimilarityMetric.DotProduct when asRow => Missing(squaredNorm) * Radius / TailLevels / step,
            _ => 0,
        };
        var origin = Metric switch
        {
            SimilarityMetric.Euclidean => (squaredNorm / 2) - product,
            SimilarityMetric.Cosine => (squaredNorm > 0 ? 1 : 0.5) - product,
            _ => 0,
        };
        return new QueryCode((nint)values, Layout.Stride, 0, step, Layout, tailScale, (float)origin, (float)Math.Sqrt(variance));
    }

    /// <summary>Writes the row as the codes see it and returns its squared norm before cosine's division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal float Transform(float* row, float* transformed)
    {
        RowKernels.Center(row, Metric == SimilarityMetric.Euclidean ? _values.Mean.AsSpan(0, Dimension) : [], transformed, Dimension);
        var squaredNorm = RowKernels.SquaredNorm(transformed, Dimension);
        if (Metric == SimilarityMetric.Cosine && squaredNorm > 0) RowKernels.Scale(transformed, Dimension, 1 / Math.Sqrt(squaredNorm));
        return (float)squaredNorm;
    }

    private int TailLevels => Layout.IsWide ? ushort.MaxValue : byte.MaxValue;

    private void WriteTail(byte* end, float squaredNorm)
    {
        if (Metric == SimilarityMetric.DotProduct && Radius > 0)
        {
            var code = MathF.Round(Missing(squaredNorm) / Radius * TailLevels);
            if (Layout.IsWide) *(ushort*)(end - sizeof(ushort)) = (ushort)code;
            else end[-1] = (byte)code;
        }
        if (Metric == SimilarityMetric.Euclidean)
        {
            if (Layout.IsWide) *(float*)(end - sizeof(float)) = squaredNorm / 2;
            else *(ushort*)(end - sizeof(ushort)) = (ushort)Math.Clamp(MathF.Round(((squaredNorm / 2) - _values.LeastHalfNorm) / _values.HalfNormStep), 0, ushort.MaxValue);
        }
    }

    private float Missing(float squaredNorm) => (float)Math.Sqrt(Math.Max(0, ((double)Radius * Radius) - squaredNorm));
}
