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

    /// <summary>The vector of an overlay's item in the space of one index.</summary>
    public delegate ReadOnlySpan<float> OverlayVectors(ItemOrdinal item);

    /// <inheritdoc/>
    public int Count => index.Count + overlay.Count;

    /// <inheritdoc/>
    public int Dimension => index.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric => index.Metric;

    /// <inheritdoc/>
    public long SizeBytes => index.SizeBytes;

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default) =>
        AddOverlay(query, parameters, results, index.Search(query, parameters, results, cancellationToken), cancellationToken);

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
