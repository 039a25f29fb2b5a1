using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Scans every row: the oracle of the other indexes, and the fastest choice for small sets. Immutable after construction.</summary>
public sealed class ExactIndex(VectorTable vectors, SimilarityMetric metric) : IVectorIndex
{
    /// <inheritdoc/>
    public int Count => vectors.Rows;

    /// <inheritdoc/>
    public int Dimension => vectors.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric => metric;

    /// <inheritdoc/>
    public long SizeBytes => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
