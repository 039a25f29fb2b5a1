using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Scans every row: the oracle of the other indexes, and the fastest choice for small sets. Immutable after construction.</summary>
/// <remarks>The table stays its owner's and must outlive the index.</remarks>
public sealed class ExactIndex : IVectorIndex
{
    private const int QueriesAPiece = 32;

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

    /// <summary>
    /// Finds the nearest items of many queries on several threads: a block of rows is scored against many queries while it is in the cache,
    /// which is several times as fast as searching for one after another.
    /// </summary>
    /// <param name="queries">[queries, dimension].</param>
    /// <param name="k">Neighbours wanted.</param>
    /// <param name="threads">Threads; 0 means one for each processor.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    /// <returns>[queries, min(k, <see cref="Count"/>)], best first.</returns>
    public Neighbor[] SearchAll(VectorTable queries, int k, int threads = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        RequireDimension(queries);
        k = Math.Min(k, Count);
        var results = new Neighbor[(long)queries.Rows * k];
        if (k > 0) SearchAll(queries, k, filter: null, results, new int[queries.Rows], threads, cancellationToken);
        return results;
    }

    /// <summary>The same among the items that a filter accepts, of which each query may find fewer than k.</summary>
    /// <param name="queries">[queries, dimension].</param>
    /// <param name="k">Neighbours wanted.</param>
    /// <param name="filter">Items that may be found; null means all. Asked by every thread, once for each query and item.</param>
    /// <param name="results">[queries, k], best first, overwritten.</param>
    /// <param name="counts">[queries], how many were found; overwritten.</param>
    /// <param name="threads">Threads; 0 means one for each processor.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    public unsafe void SearchAll(
        VectorTable queries, int k, IItemFilter? filter, Neighbor[] results, int[] counts, int threads = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(results.LongLength, (long)queries.Rows * k);
        ArgumentOutOfRangeException.ThrowIfLessThan(counts.Length, queries.Rows);
        RequireDimension(queries);
        new BuildThreads(threads, Math.Max(queries.Rows, _rows.Count)).ForEach(
            (queries.Rows + QueriesAPiece - 1) / QueriesAPiece,
            () => new SearchScratch(_rows.Stride, 1),
            (_, piece) =>
            {
                var first = piece * QueriesAPiece;
                var count = Math.Min(QueriesAPiece, queries.Rows - first);
                Span<nint> addresses = stackalloc nint[count];
                for (var i = 0; i < count; i++) addresses[i] = (nint)(queries.Pointer + ((long)(first + i) * queries.Stride));
                ExactBatch.Run(_rows, _rows.Count, Metric, addresses, null, filter, k, results.AsSpan(first * k, count * k), counts.AsSpan(first, count), cancellationToken);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratches.Dispose();
        _rows.Dispose();
    }

    private void RequireDimension(VectorTable queries)
    {
        if (queries.Dimension == Dimension) return;
        throw new ArgumentException($"Queries of {queries.Dimension} values; this index has vectors of {Dimension}.", nameof(queries));
    }
}
