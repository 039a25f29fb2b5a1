using System.Runtime.CompilerServices;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>Chooses the range of every value's packed codes: the one that loses least over a sample of rows.</summary>
internal static unsafe class PackedCodecFitter
{
    private const int Sample = 1 << 14;

    /// <summary>Half widths of a range that are tried, in standard deviations; then the whole range of the sample.</summary>
    private static readonly double[] HalfWidths = [2.4, 2.7, 3.0, 3.3, 3.7, 4.2, 5.0];

    /// <summary>Fits a codec to rows.</summary>
    /// <param name="rows">The rows, all finite.</param>
    /// <param name="metric">What near means.</param>
    /// <param name="mean">[dimension], what is taken from rows; Euclid only, else empty.</param>
    /// <param name="radius">Length that rows are brought to; dot product only.</param>
    /// <param name="precision">How fine codes shall be.</param>
    /// <param name="threads">Who fits, a value each; the codec does not depend on how many.</param>
    /// <param name="cancellationToken">Checked between values.</param>
    public static PackedCodec Fit(
        VectorRows rows, SimilarityMetric metric, float[] mean, float radius, CodePrecision precision, BuildThreads threads, CancellationToken cancellationToken)
    {
        var dimension = rows.Dimension;
        var layout = PackedCodec.LayoutOf(metric, dimension, precision);
        var levels = CodeRange.Of(layout, dimension).Levels;
        var plain = new PackedCodec(
            metric, dimension, precision, new PackedCodecValues(new float[dimension], new float[dimension], new float[dimension], mean, 0, 1, radius));
        var count = Math.Min(Sample, rows.Count);
        // By value, so that fitting one reads what lies together.
        var values = new float[dimension][];
        for (var i = 0; i < dimension; i++) values[i] = new float[count];
        var weights = new double[count];
        var (leastNorm, mostNorm) = (float.MaxValue, 0f);
        var transformed = new float[dimension];
        fixed (float* row = transformed)
        {
            for (var s = 0; s < count; s++)
            {
                var squaredNorm = plain.Transform(rows.Row((int)((long)s * rows.Count / count)), row);
                leastNorm = Math.Min(leastNorm, squaredNorm / 2);
                mostNorm = Math.Max(mostNorm, squaredNorm / 2);
                // By dot product the long rows are the ones that are found.
                weights[s] = metric == SimilarityMetric.DotProduct ? squaredNorm : 1;
                for (var i = 0; i < dimension; i++) values[i][s] = row[i];
            }
        }

        var lows = new float[dimension];
        var steps = new float[dimension];
        var errors = new float[dimension];
        threads.ForEach(dimension, i => (lows[i], steps[i], errors[i]) = FitValue(values[i], weights, levels, layout.IsWide), cancellationToken);
        if (count == 0) leastNorm = 0;
        // Twice the sample's range: rows outside the sample, and rows that come later, lie beyond it.
        var spread = mostNorm - leastNorm;
        leastNorm = Math.Max(0, leastNorm - (spread / 2));
        var normStep = (mostNorm + (spread / 2) - leastNorm) / ushort.MaxValue;
        return new PackedCodec(
            metric, dimension, precision, new PackedCodecValues(lows, steps, errors, mean, leastNorm, Positive(normStep), radius));
    }

    private static (float Low, float Step, float Error) FitValue(float[] values, double[] weights, int levels, bool wide)
    {
        if (values.Length == 0) return (0, 1, 0);
        var (least, most) = (values.Min(), values.Max());
        if (wide)
        {
            // There are codes enough for rows outside the sample, and for rows that come later.
            var margin = (most - least) / 2;
            var wideStep = Positive((most - least + (2 * margin)) / levels);
            return (least - margin, wideStep, wideStep * wideStep / 12);
        }
        var mean = values.Average(x => (double)x);
        var deviation = Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
        var (best, bestLow, bestStep) = (double.MaxValue, least, Positive((most - least) / levels));
        foreach (var halfWidth in HalfWidths.Append(double.MaxValue))
        {
            var low = (float)Math.Max(least, mean - (halfWidth * deviation));
            var step = Positive(((float)Math.Min(most, mean + (halfWidth * deviation)) - low) / levels);
            var loss = Loss(values, weights, low, step, levels);
            if (loss < best) (best, bestLow, bestStep) = (loss, low, step);
        }
        var total = weights.Sum();
        return (bestLow, bestStep, total > 0 ? (float)Math.Min(float.MaxValue, best / total) : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Loss(float[] values, double[] weights, float low, float step, int levels)
    {
        double loss = 0;
        for (var s = 0; s < values.Length; s++)
        {
            var error = values[s] - (low + (step * Math.Clamp(MathF.Round((values[s] - low) / step), 0, levels)));
            loss += weights[s] * error * error;
        }
        return loss;
    }

    private static float Positive(float step) => step > 0 && float.IsFinite(1 / step) ? step : 1;
}
