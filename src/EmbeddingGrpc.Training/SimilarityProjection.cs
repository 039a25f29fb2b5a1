using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>Puts vectors into the space of <see cref="SimilaritySpace"/>, those of its own items and of items that come later. Immutable.</summary>
public sealed class SimilarityProjection
{
    // The unit vector v of the reflection x - 2 (v x) v that turns the mean's direction into the last axis (Householder 1958). Zero where they
    // agree or where there is no mean: then nothing is turned.
    private readonly float[] _reflection;

    private SimilarityProjection(float[] reflection) => _reflection = reflection;

    /// <summary>Finds what all items share, each as often as it was seen.</summary>
    /// <param name="input">W1, [items, dimension].</param>
    /// <param name="output">W2, [items, dimension].</param>
    /// <param name="vocabulary">The items in the order of the rows.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static SimilarityProjection Fit(VectorTable input, VectorTable output, Vocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(vocabulary);
        if ((input.Rows, input.Dimension) != (output.Rows, output.Dimension) || input.Rows != vocabulary.Count)
        {
            throw new ArgumentException(
                $"W1 is [{input.Rows}, {input.Dimension}], W2 [{output.Rows}, {output.Dimension}], the vocabulary has {vocabulary.Count} items; all must agree.");
        }

        var row = new float[input.Dimension];
        var mean = new double[input.Dimension];
        for (var i = 0; i < input.Rows; i++)
        {
            var item = new ItemOrdinal(i);
            AddUnits(input[item], output[item], row);
            RowMath.AddScaled(row, (double)vocabulary.CountOf(item), mean);
        }

        return new SimilarityProjection(ReflectionToLast(mean));
    }

    /// <summary>Writes an item's row.</summary>
    /// <param name="input">Its row of W1.</param>
    /// <param name="output">Its row of W2.</param>
    /// <param name="count">How often it was seen.</param>
    /// <param name="shrinkage">How many interactions make an item half believed.</param>
    /// <param name="row">[dimension]; overwritten.</param>
    public void Place(ReadOnlySpan<float> input, ReadOnlySpan<float> output, long count, double shrinkage, Span<float> row)
    {
        AddUnits(input, output, row);
        TensorPrimitives.MultiplyAdd(_reflection, -2 * TensorPrimitives.Dot(_reflection, row), row, row);
        row[^1] = 0;
        var believed = Normalize(row) ? count / (count + shrinkage) : 0;
        TensorPrimitives.Multiply(row, (float)believed, row);
        row[^1] = (float)Math.Sqrt(1 - (believed * believed));
    }

    private static float[] ReflectionToLast(double[] mean)
    {
        var length = Math.Sqrt(mean.Sum(value => value * value));
        if (length < 1e-12) return new float[mean.Length];
        var difference = mean.Select(value => value / length).ToArray();
        difference[^1] -= 1;
        var norm = Math.Sqrt(difference.Sum(value => value * value));
        return norm < 1e-7 ? new float[mean.Length] : [.. difference.Select(value => (float)(value / norm))];
    }

    private static void AddUnits(ReadOnlySpan<float> input, ReadOnlySpan<float> output, Span<float> row)
    {
        row.Clear();
        AddUnit(input, row);
        AddUnit(output, row);
        Normalize(row);
    }

    private static void AddUnit(ReadOnlySpan<float> row, Span<float> sum)
    {
        var length = RowMath.Norm(row);
        if (length > 0) RowMath.AddScaled(row, 1 / length, sum);
    }

    private static bool Normalize(Span<float> row)
    {
        var length = RowMath.Norm(row);
        // What a reflection leaves of a row that was the mean itself is rounding, not a direction.
        if (!(length > 1e-6f)) return false;
        RowMath.Divide(row, length);
        return true;
    }
}
