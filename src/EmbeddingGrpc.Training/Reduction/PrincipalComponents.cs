using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace EmbeddingGrpc.Training;

/// <summary>
/// The directions in which a table's vectors vary most, for a smaller dimension before indexing and for maps in two dimensions. Immutable.
/// </summary>
public sealed class PrincipalComponents
{
    private readonly float[] _mean;

    // [components, dimension], the strongest first.
    private readonly float[][] _components;

    private PrincipalComponents(float[] mean, float[][] components, double[] explainedShares)
    {
        _mean = mean;
        _components = components;
        ExplainedShares = explainedShares;
    }

    /// <summary>Floats of a vector before.</summary>
    public int Dimension => _mean.Length;

    /// <summary>Floats of a vector after.</summary>
    public int Count => _components.Length;

    /// <summary>Share of the whole variance that each component holds, falling.</summary>
    public IReadOnlyList<double> ExplainedShares { get; }

    /// <summary>Finds the components.</summary>
    /// <param name="vectors">[rows, dimension]; at least one row.</param>
    /// <param name="count">Components, at most the dimension.</param>
    /// <param name="centered">
    /// Whether the mean is taken away first: yes for a map. Not for an index, where directions and products of vectors must stay what
    /// they are as nearly as they can.
    /// </param>
    /// <exception cref="ArgumentException">The table is empty.</exception>
    public static PrincipalComponents Fit(VectorTable vectors, int count, bool centered)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, vectors.Dimension);
        if (vectors.Rows == 0)
        {
            throw new ArgumentException("An empty table has no components.", nameof(vectors));
        }

        int dimension = vectors.Dimension;
        double[] mean = centered ? MeanOf(vectors) : new double[dimension];
        double[] moments = MomentsOf(vectors, mean);

        // Symmetric: the eigenvectors are orthogonal, the eigenvalues come rising.
        var decomposed = Matrix<double>.Build.Dense(dimension, dimension, (r, c) => moments[(r * dimension) + c]).Evd(Symmetricity.Symmetric);
        double whole = Math.Max(decomposed.EigenValues.Sum(value => value.Real), double.Epsilon);
        var components = new float[count][];
        var shares = new double[count];
        for (int i = 0; i < count; i++)
        {
            int at = dimension - 1 - i;
            components[i] = [.. decomposed.EigenVectors.Column(at).Select(value => (float)value)];
            shares[i] = decomposed.EigenValues[at].Real / whole;
        }

        return new PrincipalComponents([.. mean.Select(value => (float)value)], components, shares);
    }

    /// <summary>A vector in the components' directions.</summary>
    /// <param name="vector">[<see cref="Dimension"/>].</param>
    /// <param name="reduced">[<see cref="Count"/>]; overwritten.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    public void Transform(ReadOnlySpan<float> vector, Span<float> reduced)
    {
        if (vector.Length != Dimension || reduced.Length != Count)
        {
            throw new ArgumentException($"{Dimension} values become {Count}; got spans of {vector.Length} and {reduced.Length}.");
        }

        Span<float> difference = stackalloc float[vector.Length];
        TensorPrimitives.Subtract(vector, _mean, difference);
        for (int i = 0; i < reduced.Length; i++)
        {
            reduced[i] = TensorPrimitives.Dot<float>(difference, _components[i]);
        }
    }

    /// <summary>All vectors in the components' directions, [rows, count]. The caller owns the result.</summary>
    /// <exception cref="ArgumentException">The table has another dimension.</exception>
    public EmbeddingMatrix Transform(VectorTable vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (vectors.Dimension != Dimension)
        {
            throw new ArgumentException($"Components of dimension {Dimension} do not fit vectors of dimension {vectors.Dimension}.", nameof(vectors));
        }

        var reduced = new EmbeddingMatrix(vectors.Rows, Count);
        for (int row = 0; row < vectors.Rows; row++)
        {
            Transform(vectors[new ItemOrdinal(row)], reduced[new ItemOrdinal(row)]);
        }

        return reduced;
    }

    private static double[] MeanOf(VectorTable vectors)
    {
        double[] mean = new double[vectors.Dimension], row = new double[vectors.Dimension];
        for (int i = 0; i < vectors.Rows; i++)
        {
            TensorPrimitives.ConvertTruncating(vectors[new ItemOrdinal(i)], row.AsSpan());
            TensorPrimitives.Add(mean, row, mean);
        }

        TensorPrimitives.Divide(mean, vectors.Rows, mean);
        return mean;
    }

    private static double[] MomentsOf(VectorTable vectors, double[] mean)
    {
        int dimension = vectors.Dimension;
        var moments = new double[dimension * dimension];
        var row = new double[dimension];
        for (int i = 0; i < vectors.Rows; i++)
        {
            TensorPrimitives.ConvertTruncating(vectors[new ItemOrdinal(i)], row.AsSpan());
            TensorPrimitives.Subtract(row, mean, row);
            for (int k = 0; k < dimension; k++)
            {
                var sums = moments.AsSpan(k * dimension, dimension);
                TensorPrimitives.MultiplyAdd(row, row[k], sums, sums);
            }
        }

        TensorPrimitives.Divide(moments, vectors.Rows, moments);
        return moments;
    }
}
