using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Hierarchical navigable small world graph over the rows of a vector table. One writer, wait-free readers.</summary>
public sealed class HnswIndex : IVectorIndex
{
    /// <inheritdoc/>
    public int Count => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Dimension => throw new NotImplementedException();

    /// <inheritdoc/>
    public SimilarityMetric Metric => throw new NotImplementedException();

    /// <inheritdoc/>
    public long SizeBytes => throw new NotImplementedException();

    /// <summary>Builds the graph over every row of a table, in parallel. The table stays its owner's and must outlive the index.</summary>
    /// <param name="vectors">[items, dimension].</param>
    /// <param name="metric">What near means.</param>
    /// <param name="options">Shape of the graph.</param>
    /// <param name="progress">Told the number of inserted items now and then.</param>
    /// <param name="cancellationToken">Stops the build between items.</param>
    public static HnswIndex Build(
        VectorTable vectors, SimilarityMetric metric, HnswOptions options, IProgress<int>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Writes the graph (not the vectors): a header with magic, version and checksums, then aligned sections.</summary>
    public void Save(Stream destination) => throw new NotImplementedException();

    /// <summary>Opens a file written by <see cref="Save"/> over the same table.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, a broken checksum, or not of this table; says which.</exception>
    public static HnswIndex Open(string path, VectorTable vectors) => throw new NotImplementedException();

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
