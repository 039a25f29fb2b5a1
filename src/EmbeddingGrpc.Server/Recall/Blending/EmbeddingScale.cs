using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// Where the scores of one query lie over all items, estimated from a fixed sample of them: what makes products of different queries, models
/// and dimensions comparable with the weights of other sources.
/// </summary>
/// <param name="Mean">Mean product.</param>
/// <param name="Deviation">Standard deviation of the products; above 0.</param>
internal readonly record struct EmbeddingScale(float Mean, float Deviation)
{
    // The mean is off by a sixteenth of a deviation at most times, and by the same for every candidate of a query.
    private const int Sample = 256;

    /// <summary>Estimates it.</summary>
    /// <param name="table">[items, dimension].</param>
    /// <param name="query">[dimension].</param>
    /// <param name="atUnitLength">Whether rows count at unit length.</param>
    /// <param name="mean">[dimension], zeroed; receives the mean of the sampled rows.</param>
    public static EmbeddingScale Estimate(VectorTable table, ReadOnlySpan<float> query, bool atUnitLength, Span<float> mean)
    {
        var count = Math.Min(Sample, table.Rows);
        double sum = 0, squares = 0;
        for (var i = 0; i < count; i++)
        {
            var row = table[RowOf(table, i, count)];
            var factor = atUnitLength ? InverseNorm(row) : 1;
            var product = factor * TensorPrimitives.Dot(query, row);
            sum += product;
            squares += (double)product * product;
            TensorPrimitives.MultiplyAdd(row, factor, mean, mean);
        }

        TensorPrimitives.Divide(mean, count, mean);
        var average = sum / count;
        var variance = (squares / count) - (average * average);
        return new EmbeddingScale((float)average, variance > 1e-12 ? (float)Math.Sqrt(variance) : 1);
    }

    /// <summary>A product in deviations from the mean.</summary>
    public float Of(float product) => (product - Mean) / Deviation;

    /// <summary>What brings a row to unit length; 0 for one of zeros.</summary>
    public static float InverseNorm(ReadOnlySpan<float> row) => TensorPrimitives.Norm(row) is > 0 and var length ? 1 / length : 0;

    /// <summary>Adds a row at unit length, times a weight.</summary>
    /// <param name="row">[dimension].</param>
    /// <param name="weight">What it counts.</param>
    /// <param name="sum">[dimension]; added to.</param>
    public static void AddUnit(ReadOnlySpan<float> row, float weight, Span<float> sum) => TensorPrimitives.MultiplyAdd(row, weight * InverseNorm(row), sum, sum);

    private static ItemOrdinal RowOf(VectorTable table, int i, int count) => new((int)((long)i * table.Rows / count));
}
