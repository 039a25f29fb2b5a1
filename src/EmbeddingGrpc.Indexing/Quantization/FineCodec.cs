using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>How a row of floats becomes a row of unsigned 8-bit codes, and a query its 7-bit counterpart. Immutable.</summary>
/// <remarks>
/// A code is <c>128 + round(x / Step)</c> of the row after the metric's own transformation, so that one integer product serves all three:
/// <list type="bullet">
/// <item>cosine: the row divided by its norm;</item>
/// <item>dot product: the row, and in the padding what brings it to one common length, <see cref="Radius"/> (the reduction of Bachrach et
/// al. 2014, spread over several codes so that it needs no wider range than the values). Rows then lie on a sphere, on which links are
/// chosen as for cosine; a query has zeros there, which leaves <c>q · x</c>;</item>
/// <item>Euclid: the row less the mean of all rows (distances do not change, ranges shrink), with half its squared norm as a float in the
/// last four bytes.</item>
/// </list>
/// One step for all rows keeps the products of different rows comparable as plain integers.
/// </remarks>
internal sealed unsafe class FineCodec
{
    /// <summary>The code of a zero.</summary>
    public const int Zero = 128;

    private const int Limit = 127;
    private const int SpreadAtLeast = 12;

    private readonly float[] _mean;

    /// <summary>Puts together a codec from what <see cref="FineCodecFitter"/> found or a file holds.</summary>
    /// <param name="metric">What near means.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="step">Width of one code.</param>
    /// <param name="radius">Length that rows are brought to; dot product only.</param>
    /// <param name="mean">[dimension], what is taken from rows; Euclid only, else empty.</param>
    public FineCodec(SimilarityMetric metric, int dimension, float step, float radius, float[] mean)
    {
        Metric = metric;
        Dimension = dimension;
        Step = step;
        Radius = radius;
        _mean = mean;
        Stride = StrideOf(metric, dimension);
        Spread = metric == SimilarityMetric.DotProduct ? Stride - dimension : 0;
    }

    /// <summary>What near means.</summary>
    public SimilarityMetric Metric { get; }

    /// <summary>Floats of a row.</summary>
    public int Dimension { get; }

    /// <summary>Bytes of a row of codes, a multiple of a cache line.</summary>
    public int Stride { get; }

    /// <summary>Width of one code.</summary>
    public float Step { get; }

    /// <summary>Length that rows are brought to; dot product only.</summary>
    public float Radius { get; }

    /// <summary>Codes that share what brings a row to <see cref="Radius"/>.</summary>
    public int Spread { get; }

    /// <summary>What is taken from rows, [dimension] or empty.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>Bytes of a row of codes.</summary>
    public static int StrideOf(SimilarityMetric metric, int dimension)
    {
        var extra = metric switch { SimilarityMetric.DotProduct => SpreadAtLeast, SimilarityMetric.Euclidean => sizeof(float), _ => 0 };
        return (dimension + extra + CodeKernels.Block - 1) / CodeKernels.Block * CodeKernels.Block;
    }

    /// <summary>Writes the codes of a row.</summary>
    /// <param name="row">[dimension] floats.</param>
    /// <param name="codes">[<see cref="Stride"/>] bytes, overwritten.</param>
    /// <param name="scratch">[<see cref="Stride"/>] floats, overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(float* row, byte* codes, float* scratch)
    {
        var squaredNorm = Transform(row, scratch);
        RowKernels.Round(scratch, 1 / Step, Limit, (sbyte*)codes, Stride);
        // From a signed number to one above the code of a zero.
        for (var i = 0; i < Stride; i += Vector128<byte>.Count) (Vector128.Load(codes + i) ^ Vector128.Create((byte)Zero)).Store(codes + i);
        if (Metric == SimilarityMetric.Euclidean) *(float*)(codes + Stride - sizeof(float)) = squaredNorm / 2;
    }

    /// <summary>Half the squared norm of a row; 0 where all rows have the same length.</summary>
    public float HalfSquaredNorm(byte* codes) => Metric == SimilarityMetric.Euclidean ? *(float*)(codes + Stride - sizeof(float)) : 0;

    /// <summary>Makes a query of a row, as it lies among the other rows: with its augmentation.</summary>
    public QueryCode EncodeRowAsQuery(float* row, sbyte* values, float* scratch)
    {
        Transform(row, scratch);
        return Quantize(scratch, values);
    }

    /// <summary>Makes a query of a row's codes, with one bit less.</summary>
    public QueryCode CodesAsQuery(byte* codes, sbyte* values)
    {
        var sum = CodeKernels.Halve(codes, values, Stride);
        if (Metric == SimilarityMetric.Euclidean)
        {
            for (var i = Stride - sizeof(float); i < Stride; i++)
            {
                sum -= values[i];
                values[i] = 0;
            }
        }
        return new QueryCode((nint)values, Stride, Zero * sum, 2 * Step * Step);
    }

    /// <summary>Writes the row as the codes see it, [<see cref="Stride"/>] floats, and returns its squared norm before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal float Transform(float* row, float* transformed)
    {
        RowKernels.Center(row, _mean, transformed, Dimension);
        var squaredNorm = RowKernels.SquaredNorm(transformed, Dimension);
        new Span<float>(transformed + Dimension, Stride - Dimension).Clear();
        switch (Metric)
        {
            case SimilarityMetric.Cosine:
                RowKernels.Scale(transformed, Dimension, squaredNorm > 0 ? 1 / Math.Sqrt(squaredNorm) : 0);
                break;
            case SimilarityMetric.DotProduct:
                var missing = Math.Max(0, ((double)Radius * Radius) - squaredNorm);
                new Span<float>(transformed + Dimension, Spread).Fill((float)Math.Sqrt(missing / Spread));
                break;
        }
        return (float)squaredNorm;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private QueryCode Quantize(float* transformed, sbyte* values)
    {
        var largest = RowKernels.LargestMagnitude(transformed, Stride);
        // A zero query keeps a step of 1: its products are 0 all the same.
        var step = largest > 0 ? largest / CodeKernels.QueryLimit : 1;
        var inverse = float.IsFinite(1 / step) ? 1 / step : 0;
        RowKernels.Round(transformed, inverse, CodeKernels.QueryLimit, values, Stride);
        var sum = 0;
        for (var i = 0; i < Stride; i++) sum += values[i];
        return new QueryCode((nint)values, Stride, Zero * sum, step * Step);
    }
}
