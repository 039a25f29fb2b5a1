using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>What every index asks of a search before it starts.</summary>
internal static class QueryChecks
{
    /// <summary>Throws where a search cannot be done as asked.</summary>
    public static void Validate(ReadOnlySpan<float> query, int dimension, in SearchParameters parameters, Span<Neighbor> results)
    {
        ValidateVector(query, dimension, nameof(query));
        if (parameters.Count < 1)
        {
            throw new ArgumentException($"A search for {parameters.Count} neighbours finds nothing; ask for 1 at least.", nameof(parameters));
        }
        if (parameters.Ef < 0)
        {
            throw new ArgumentException($"The candidate pool has {parameters.Ef} places; 0 means the index's default.", nameof(parameters));
        }
        if (!(parameters.TargetRecall >= 0 && parameters.TargetRecall <= 1))
        {
            throw new ArgumentException($"A recall of {parameters.TargetRecall} was asked for; it is a share, 0..1.", nameof(parameters));
        }
        if (results.Length < parameters.Count)
        {
            throw new ArgumentException($"{results.Length} places for {parameters.Count} neighbours.", nameof(results));
        }
    }

    /// <summary>Throws where a vector does not fit an index.</summary>
    public static void ValidateVector(ReadOnlySpan<float> vector, int dimension, string name)
    {
        if (vector.Length != dimension)
        {
            throw new ArgumentException($"A vector of {vector.Length} values; this index has vectors of {dimension}.", name);
        }
        if (!TensorPrimitives.IsFiniteAll(vector))
        {
            throw new ArgumentException("The vector has a value that is not finite.", name);
        }
        if (!float.IsFinite(TensorPrimitives.SumOfSquares(vector)))
        {
            throw new ArgumentException("The vector is too long: its squared norm exceeds what a 32-bit float can hold.", name);
        }
    }
}
