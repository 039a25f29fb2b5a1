using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Scans every row: the oracle of the other indexes, and the fastest choice for small sets. Immutable after construction.</summary>
/// <remarks>The table stays its owner's and must outlive the index.</remarks>
public sealed class ExactIndex : IVectorIndex
{
    private readonly VectorRows _rows;
    private readonly ScratchPool _scratches;

    /// <summary>Puts an index over a table.</summary>
    public ExactIndex(VectorTable vectors, SimilarityMetric metric)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (!Enum.IsDefined(metric)) throw new ArgumentOutOfRangeException(nameof(metric), metric, "Not a metric of this index.");
        _rows = new VectorRows(vectors);
        _scratches = new ScratchPool(_rows.Stride, 0);
        Metric = metric;
    }

    /// <inheritdoc/>
    public int Count => _rows.Count;

    /// <inheritdoc/>
    public int Dimension => _rows.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric { get; }

    /// <inheritdoc/>
    public long SizeBytes => 0;

    /// <inheritdoc/>
    public unsafe int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
    {
        QueryChecks.Validate(query, Dimension, parameters, results);
        var scratch = _scratches.Rent();
        try
        {
            return ExactScan.Run(
                _rows, _rows.Count, Metric, scratch.SetQuery(query), null, parameters.Filter, results[..parameters.Count], cancellationToken);
        }
        finally
        {
            _scratches.Return(scratch);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratches.Dispose();
        _rows.Dispose();
    }
}
