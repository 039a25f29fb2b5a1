using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Indexing.Files;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Hierarchical navigable small world graph over the rows of a vector table. One writer, wait-free readers.</summary>
/// <remarks>
/// The walk reads 8-bit codes; the best of what it found are scored again from the float rows, so that scores are exact. The graph is flat
/// native memory beside the table, which stays its owner's and must outlive the index.
/// </remarks>
public sealed class HnswIndex : IVectorIndex
{
    private readonly HnswGraph _graph;
    private readonly HnswSearcher _searcher;
    private readonly HnswOptions _options;
    private readonly VectorRows _rows;

    internal HnswIndex(HnswGraph graph, VectorRows rows, HnswOptions options)
    {
        _graph = graph;
        _rows = rows;
        _options = options;
        _searcher = new HnswSearcher(graph, rows, options);
    }

    /// <inheritdoc/>
    public int Count => _rows.Count;

    /// <inheritdoc/>
    public int Dimension => _rows.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric => _graph.Codec.Metric;

    /// <inheritdoc/>
    public long SizeBytes => _graph.SizeBytes;

    /// <summary>How the graph was built.</summary>
    public HnswOptions Options => _options;

    internal HnswGraph Graph => _graph;

    /// <summary>Builds the graph over every row of a table, in parallel. The table stays its owner's and must outlive the index.</summary>
    /// <param name="vectors">[items, dimension].</param>
    /// <param name="metric">What near means.</param>
    /// <param name="options">Shape of the graph.</param>
    /// <param name="progress">Told the number of inserted items now and then, from any of the building threads.</param>
    /// <param name="cancellationToken">Stops the build between items.</param>
    /// <exception cref="ArgumentException">A row has a value that is not finite; says which.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static HnswIndex Build(
        VectorTable vectors, SimilarityMetric metric, HnswOptions options, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(options);
        if (!Enum.IsDefined(metric)) throw new ArgumentOutOfRangeException(nameof(metric), metric, "Not a metric of this index.");
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var rows = new VectorRows(vectors);
        var codec = CodecFitter.Fit(rows, metric);
        var graph = metric == SimilarityMetric.Euclidean
            ? GraphBuilder<EuclideanKeys>.Build(rows, codec, options, progress, cancellationToken)
            : GraphBuilder<SphereKeys>.Build(rows, codec, options, progress, cancellationToken);
        return new HnswIndex(graph, rows, options);
    }

    /// <summary>Writes the graph (not the vectors): a header with magic, version and checksums, then aligned sections.</summary>
    public void Save(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        HnswFileWriter.Write(destination, _graph, _rows, _options);
    }

    /// <summary>Opens a file written by <see cref="Save"/> over the same table.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, a broken checksum, or not of this table; says which.</exception>
    public static HnswIndex Open(string path, VectorTable vectors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(vectors);
        return HnswFileReader.Read(path, new VectorRows(vectors));
    }

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
    {
        QueryChecks.Validate(query, Dimension, parameters, results);
        cancellationToken.ThrowIfCancellationRequested();
        return _searcher.Search(query, parameters, results[..parameters.Count], cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _searcher.Dispose();
        _graph.Dispose();
    }
}
