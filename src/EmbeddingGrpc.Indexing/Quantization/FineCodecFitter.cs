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
    /// <exception cref="ArgumentException">A row has a value that is not finite, or is too long; says which.</exception>
    public static FineCodec Fit(VectorRows rows, SimilarityMetric metric)
    {
        var largest = new float[rows.Count];
        var mean = metric == SimilarityMetric.Euclidean ? Mean(rows) : [];
        double radiusSquared = 0;
        for (var item = 0; item < rows.Count; item++)
        {
            var row = rows.Row(item);
            double squaredNorm = 0;
            for (var i = 0; i < rows.Dimension; i++)
            {
                if (!float.IsFinite(row[i]))
                {
                    throw new ArgumentException($"Row {item} has a value that is not finite at position {i}; every vector of an index must be finite.");
                }
                var value = metric == SimilarityMetric.Euclidean ? row[i] - mean[i] : row[i];
                largest[item] = Math.Max(largest[item], Math.Abs(value));
                squaredNorm += (double)value * value;
            }
            if (squaredNorm > float.MaxValue)
            {
                throw new ArgumentException($"Row {item} is too long: its squared norm exceeds what a 32-bit float can hold.");
            }
            radiusSquared = Math.Max(radiusSquared, squaredNorm);
            if (metric == SimilarityMetric.Cosine && squaredNorm > 0) largest[item] = (float)(largest[item] / Math.Sqrt(squaredNorm));
        }

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
