using System.Runtime.CompilerServices;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>Chooses the range of the codes from the rows.</summary>
internal static unsafe class FineCodecFitter
{
    /// <summary>
    /// Share of rows whose largest value may lie beyond the range, for cosine: such a row loses a little in one value, while all others
    /// gain finer steps.
    /// </summary>
    private const double ClippedRows = 0.001;

    /// <summary>Fits a codec to all rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="metric">What near means.</param>
    /// <param name="threads">Who looks at them; the codec does not depend on how many.</param>
    /// <param name="cancellationToken">Checked between pieces of the rows.</param>
    /// <exception cref="ArgumentException">A row has a value that is not finite, or is too long; says which.</exception>
    public static FineCodec Fit(VectorRows rows, SimilarityMetric metric, BuildThreads threads, CancellationToken cancellationToken)
    {
        var largest = new float[rows.Count];
        var mean = metric == SimilarityMetric.Euclidean ? Mean(rows) : [];
        var squaredNorms = new double[rows.Count];
        threads.ForEachPiece(
            rows.Count,
            (first, end) =>
            {
                var centered = new float[mean.Length];
                for (var item = first; item < end; item++) (squaredNorms[item], largest[item]) = Look(rows, item, metric, mean, centered);
            },
            cancellationToken);
        var radiusSquared = squaredNorms.DefaultIfEmpty().Max();

        var radius = metric == SimilarityMetric.DotProduct ? (float)Math.Sqrt(radiusSquared) : 0;
        var range = 0f;
        if (rows.Count > 0)
        {
            Array.Sort(largest);
            range = metric == SimilarityMetric.Cosine ? largest[(int)((rows.Count - 1) * (1 - ClippedRows))] : largest[^1];
        }
        var spread = FineCodec.StrideOf(metric, rows.Dimension) - rows.Dimension;
        if (metric == SimilarityMetric.DotProduct) range = Math.Max(range, radius / MathF.Sqrt(spread));
        var step = range / 127;
        return new FineCodec(metric, rows.Dimension, step > 0 && float.IsFinite(1 / step) ? step : 1, radius, mean);
    }

    /// <summary>The squared norm of a row less the mean, and its largest magnitude, which for cosine is that of the row divided by its norm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double SquaredNorm, float Largest) Look(VectorRows rows, int item, SimilarityMetric metric, float[] mean, float[] centered)
    {
        var row = rows.Row(item);
        if (!float.IsFinite(RowKernels.LargestMagnitude(row, rows.Dimension)))
        {
            var at = 0;
            while (float.IsFinite(row[at])) at++;
            throw new ArgumentException($"Row {item} has a value that is not finite at position {at}; every vector of an index must be finite.");
        }
        fixed (float* lessMean = centered)
        {
            if (mean.Length > 0)
            {
                RowKernels.Center(row, mean, lessMean, rows.Dimension);
                row = lessMean;
            }

            var squaredNorm = RowKernels.SquaredNorm(row, rows.Dimension);
            if (squaredNorm > float.MaxValue)
            {
                throw new ArgumentException($"Row {item} is too long: its squared norm exceeds what a 32-bit float can hold.");
            }
            var largest = RowKernels.LargestMagnitude(row, rows.Dimension);
            return (squaredNorm, metric == SimilarityMetric.Cosine && squaredNorm > 0 ? (float)(largest / Math.Sqrt(squaredNorm)) : largest);
        }
    }

    /// <summary>The mean of all rows.</summary>
    public static float[] Mean(VectorRows rows)
    {
        var sums = new double[rows.Dimension];
        for (var item = 0; item < rows.Count; item++)
        {
            var row = rows.Row(item);
            for (var i = 0; i < rows.Dimension; i++) sums[i] += row[i];
        }
        return Array.ConvertAll(sums, sum => (float)(sum / Math.Max(1, rows.Count)));
    }
}
