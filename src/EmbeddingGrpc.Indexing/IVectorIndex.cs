using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Nearest-neighbour search over the rows of one vector table. Wait-free readers; implementations say what writers may do.</summary>
public interface IVectorIndex : IDisposable
{
    /// <summary>Items that can be found.</summary>
    int Count { get; }

    /// <summary>Floats of a vector.</summary>
    int Dimension { get; }

    /// <summary>What near means.</summary>
    SimilarityMetric Metric { get; }

    /// <summary>Native and managed memory held beside the vector table, in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>Finds the nearest items, best first.</summary>
    /// <param name="query">[dimension]; need not be normalised.</param>
    /// <param name="parameters">How many, how thorough, and which items may be answered.</param>
    /// <param name="results">At least <see cref="SearchParameters.Count"/> long.</param>
    /// <param name="cancellationToken">Checked between blocks of work.</param>
    /// <returns>How many of <paramref name="results"/> were written.</returns>
    /// <exception cref="ArgumentException">The query has the wrong length or a value that is not finite, or the span is too short.</exception>
    int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default);
}
