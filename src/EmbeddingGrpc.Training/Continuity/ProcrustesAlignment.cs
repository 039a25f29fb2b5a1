using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace EmbeddingGrpc.Training;

/// <summary>
/// The rotation (or reflection) that brings a fresh training's vectors as near as can be to those of an earlier one: orthogonal Procrustes
/// (Schönemann 1966; used between word2vec models by Hamilton et al. 2016). Applied to W1 and W2 alike it changes no score within the
/// generation, but clients that kept vectors of the earlier one can go on using them. Immutable.
/// </summary>
public sealed class ProcrustesAlignment
{
    private readonly int _dimension;

    // Row-major, so that a vector times the rotation is a sum of scaled rows.
    private readonly float[] _rotation;

    private ProcrustesAlignment(int dimension, float[] rotation, int sharedItems)
    {
        _dimension = dimension;
        _rotation = rotation;
        SharedItems = sharedItems;
    }

    /// <summary>Items of both generations, which the rotation was found from.</summary>
    public int SharedItems { get; }

    /// <summary>Finds the rotation from the items of both generations, each with the same weight whatever its vector's length.</summary>
    /// <param name="vocabulary">Items of the fresh training.</param>
    /// <param name="fresh">Its vectors, [items, dimension].</param>
    /// <param name="earlierVocabulary">Items of the earlier generation.</param>
    /// <param name="earlier">Its vectors of the same kind (W1 to W1), [items, dimension].</param>
    /// <exception cref="ArgumentException">The dimensions differ, the matrix does not fit its vocabulary, or no item is in both; says which.</exception>
    public static ProcrustesAlignment Fit(Vocabulary vocabulary, EmbeddingMatrix fresh, Vocabulary earlierVocabulary, VectorTable earlier)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(fresh);
        ArgumentNullException.ThrowIfNull(earlierVocabulary);
        ArgumentNullException.ThrowIfNull(earlier);
        if (fresh.Dimension != earlier.Dimension)
        {
            throw new ArgumentException($"Vectors of dimension {fresh.Dimension} cannot be rotated onto those of dimension {earlier.Dimension}.", nameof(earlier));
        }

        if (fresh.Rows != vocabulary.Count)
        {
            throw new ArgumentException(
                $"{fresh.Rows} rows are not the vectors of {vocabulary.Count} items. Where items share rows, take them from {nameof(TrainedEmbeddings)}.{nameof(TrainedEmbeddings.Vectors)}.",
                nameof(fresh));
        }

        int dimension = fresh.Dimension;
        var products = new double[dimension * dimension];
        double[] from = new double[dimension], to = new double[dimension];
        int[] matches = WarmStartInitialiser.Match(vocabulary, earlierVocabulary);
        int shared = 0;
        for (int item = 0; item < matches.Length; item++)
        {
            if (matches[item] >= 0 && Unit(fresh[new ItemOrdinal(item)], from) && Unit(earlier[new ItemOrdinal(matches[item])], to))
            {
                shared++;
                for (int k = 0; k < dimension; k++)
                {
                    var row = products.AsSpan(k * dimension, dimension);
                    TensorPrimitives.MultiplyAdd<double>(to, from[k], row, row);
                }
            }
        }

        if (shared == 0)
        {
            throw new ArgumentException("No item is in both generations: there is nothing to align by.", nameof(earlierVocabulary));
        }

        // fresh ᵀ · earlier = U · Σ · Vᵀ; the rotation is U · Vᵀ.
        var svd = Matrix<double>.Build.Dense(dimension, dimension, (r, c) => products[(r * dimension) + c]).Svd(computeVectors: true);
        float[] rotation = [.. (svd.U * svd.VT).ToRowMajorArray().Select(value => (float)value)];
        return new ProcrustesAlignment(dimension, rotation, shared);
    }

    /// <summary>Rotates every row in place.</summary>
    /// <exception cref="ArgumentException">The matrix has another dimension.</exception>
    public void Apply(EmbeddingMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        if (matrix.Dimension != _dimension)
        {
            throw new ArgumentException($"A rotation of dimension {_dimension} does not fit vectors of dimension {matrix.Dimension}.", nameof(matrix));
        }

        var rotated = new float[_dimension];
        for (int row = 0; row < matrix.Rows; row++)
        {
            var vector = matrix[new ItemOrdinal(row)];
            rotated.AsSpan().Clear();
            for (int k = 0; k < _dimension; k++)
            {
                TensorPrimitives.MultiplyAdd(_rotation.AsSpan(k * _dimension, _dimension), vector[k], rotated, rotated);
            }

            rotated.CopyTo(vector);
        }
    }

    private static bool Unit(ReadOnlySpan<float> vector, double[] unit)
    {
        TensorPrimitives.ConvertTruncating(vector, unit.AsSpan());
        double length = TensorPrimitives.Norm<double>(unit);
        if (!(length > 0))
        {
            return false;
        }

        TensorPrimitives.Divide(unit, length, unit);
        return true;
    }
}
