using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>
/// Searches a generation's items and those of its overlay as one. One writer, wait-free readers. Rows of the overlay are in the graph where there is
/// one, and scanned where every row is scanned anyway.
/// </summary>
/// <param name="index">Over the generation's own table; stays its owner's.</param>
/// <param name="table">That table.</param>
/// <param name="overlay">What was folded in.</param>
/// <param name="rows">The overlay's vectors in the space of <paramref name="index"/>.</param>
internal sealed class OverlaidIndex(IVectorIndex index, VectorTable table, GenerationOverlay overlay, OverlaidIndex.OverlayVectors rows) : IVectorIndex
{
    private const int ItemsBetweenChecks = 4096;

    // A scan of so many costs about as much as a walk that must pass over all others.
    private const int MostScanned = 1 << 12;

    private readonly HnswIndex? _graph = index as HnswIndex;

    /// <summary>The vector of an overlay's item in the space of one index.</summary>
    public delegate ReadOnlySpan<float> OverlayVectors(ItemOrdinal item);

    /// <inheritdoc/>
    public int Count => table.Rows + overlay.Count;

    /// <inheritdoc/>
    public int Dimension => index.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric => index.Metric;

    /// <inheritdoc/>
    public long SizeBytes => index.SizeBytes;

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
    {
        if (_graph is null) return AddOverlay(query, parameters, results, index.Search(query, parameters, results, cancellationToken), cancellationToken);
        if (overlay.RowCount == 0) return _graph.Search(query, parameters, results, cancellationToken);
        var ofRows = parameters.Filter is null ? parameters : parameters with { Filter = new OverlayFilter(overlay, parameters.Filter) };
        return ToItems(results[.._graph.Search(query, ofRows, results, cancellationToken)]);
    }

    /// <summary>Searches the overlay's items only.</summary>
    public int SearchOverlay(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        if (_graph is null || overlay.Count <= MostScanned) return AddOverlay(query, parameters, results, found: 0, cancellationToken);
        var ofRows = parameters with { Filter = new OverlayOnly(overlay, parameters.Filter) };
        return ToItems(results[.._graph.Search(query, ofRows, results, cancellationToken)]);
    }

    /// <summary>
    /// Does what the graph's first write would have to do, which takes seconds where there are a million items: who writes then does not wait. Writer only.
    /// </summary>
    public void PrepareWrites() => _graph?.Repair();

    /// <summary>Puts a row of the overlay into the graph. Writer only; rows come in their order.</summary>
    public void Insert(int row, ReadOnlySpan<float> vector)
    {
        if (_graph?.Insert(vector) is { } given && given.Value != overlay.BaseItems + row)
        {
            throw new InvalidOperationException($"The graph gave row {row} of the overlay ordinal {given.Value} instead of {overlay.BaseItems + row}.");
        }
    }

    /// <summary>Takes a row of the overlay out of the graph. Writer only.</summary>
    public void Delete(int row) => _graph?.Delete(new ItemOrdinal(overlay.BaseItems + row));

    /// <summary>The same by a scan of every row: exact, and never short of an answer.</summary>
    public int Scan(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        using var exact = new ExactIndex(table, index.Metric);
        return AddOverlay(query, parameters, results, exact.Search(query, parameters, results, cancellationToken), cancellationToken);
    }

    /// <summary>Nothing: the index is its owner's.</summary>
    public void Dispose()
    {
    }

    /// <summary>
    /// Rows of the graph to items. While an item gets better vectors, both of its rows are in the graph for a moment: then the better place counts.
    /// </summary>
    private int ToItems(Span<Neighbor> rows)
    {
        var count = 0;
        foreach (var (row, score) in rows)
        {
            if (!overlay.Contains(row))
            {
                rows[count++] = new Neighbor(row, score);
                continue;
            }

            var item = overlay.ItemOf(row.Value - overlay.BaseItems);
            if (!Contains(rows[..count], item)) rows[count++] = new Neighbor(item, score);
        }

        return count;
    }

    private static bool Contains(ReadOnlySpan<Neighbor> found, ItemOrdinal item)
    {
        foreach (var neighbor in found)
        {
            if (neighbor.Item == item) return true;
        }

        return false;
    }

    private int AddOverlay(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, int found, CancellationToken cancellationToken)
    {
        var items = overlay.Count;
        var scale = ScaleOf(query);
        for (var slot = 0; slot < items; slot++)
        {
            if (slot % ItemsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            var item = new ItemOrdinal(overlay.BaseItems + slot);
            if (parameters.Filter is { } filter && !filter.Accepts(item)) continue;
            var vector = rows(item);
            var score = ScoreOf(query, vector) * scale;
            if (found == parameters.Count && !(score > results[found - 1].Score)) continue;
            found = Math.Min(found + 1, parameters.Count);
            var place = found - 1;
            for (; place > 0 && results[place - 1].Score < score; place--) results[place] = results[place - 1];
            results[place] = new Neighbor(item, score);
        }

        return found;
    }

    private float ScaleOf(ReadOnlySpan<float> query)
    {
        if (Metric != SimilarityMetric.Cosine) return 1;
        var length = TensorPrimitives.Norm(query);
        return length > 0 ? 1 / length : 0;
    }

    private float ScoreOf(ReadOnlySpan<float> query, ReadOnlySpan<float> vector)
    {
        var product = TensorPrimitives.Dot(query, vector);
        if (Metric != SimilarityMetric.Cosine) return product;
        var length = TensorPrimitives.Norm(vector);
        return length > 0 ? product / length : 0;
    }
}
