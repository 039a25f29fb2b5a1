using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>What every index asks of a search before it starts.</summary>
internal static class QueryChecks
{
    /// <summary>Throws where a search cannot be done as asked.</summary>
    public static void Validate(ReadOnlySpan<float> query, int dimension, in SearchParameters parameters, Span<Neighbor> results)
    {
        if (query.Length != dimension)
        {
            throw new ArgumentException($"The query has {query.Length} values; this index has vectors of {dimension}.", nameof(query));
        }
        if (!TensorPrimitives.IsFiniteAll(query))
        {
            throw new ArgumentException("The query has a value that is not finite.", nameof(query));
        }
        if (parameters.Count < 1)
        {
            throw new ArgumentException($"A search for {parameters.Count} neighbours finds nothing; ask for 1 at least.", nameof(parameters));
        }
        if (parameters.Ef < 0)
        {
            throw new ArgumentException($"The candidate pool has {parameters.Ef} places; 0 means the index's default.", nameof(parameters));
        }
        if (results.Length < parameters.Count)
        {
            throw new ArgumentException($"{results.Length} places for {parameters.Count} neighbours.", nameof(results));
        }
    }
}
