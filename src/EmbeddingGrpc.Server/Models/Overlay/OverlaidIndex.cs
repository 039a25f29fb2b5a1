using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>
/// Searches a generation's items and those of its overlay as one. Writers wait for each other, readers for nobody. Rows of the overlay are in the
/// graph where there is one, and scanned where every row is scanned anyway.
/// </summary>
/// <param name="index">Over the generation's own table. A graph is freed when another took its place, or with this.</param>
/// <param name="table">That table.</param>
/// <param name="overlay">What was folded in.</param>
/// <param name="rows">The overlay's vectors in the space of <paramref name="index"/>.</param>
internal sealed class OverlaidIndex(IVectorIndex index, VectorTable table, GenerationOverlay overlay, OverlaidIndex.OverlayVectors rows) : IVectorIndex
{
    private const int ItemsBetweenChecks = 4096;

    // A scan of so many costs about as much as a walk that must pass over all others.
    private const int MostScanned = 1 << 12;

    // A few milliseconds.
    private const int MostTakenOverAtOnce = 16;

    private readonly Lock _writing = new();
    private LeasedGraph? _graph = index is HnswIndex graph ? new LeasedGraph(graph) : null;

    /// <summary>The vector of an overlay's item in the space of one index.</summary>
    public delegate ReadOnlySpan<float> OverlayVectors(ItemOrdinal item);

    /// <inheritdoc/>
    public int Count => table.Rows + overlay.Count;

    /// <inheritdoc/>
    public int Dimension => table.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric { get; } = index.Metric;

    /// <inheritdoc/>
    public long SizeBytes => (Graph ?? index).SizeBytes;

    /// <summary>The graph that is searched; null where every row is. Valid until the next <see cref="Compact"/>.</summary>
    internal HnswIndex? Graph => Volatile.Read(ref _graph)?.Graph;

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
    {
        if (Acquire() is not { } leased) return AddOverlay(query, parameters, results, index.Search(query, parameters, results, cancellationToken), cancellationToken);
        try
        {
            if (overlay.RowCount == 0) return leased.Graph.Search(query, parameters, results, cancellationToken);
            var ofRows = parameters.Filter is null ? parameters : parameters with { Filter = new OverlayFilter(overlay, parameters.Filter) };
            return ToItems(results[..leased.Graph.Search(query, ofRows, results, cancellationToken)]);
        }
        finally
        {
            leased.Release();
        }
    }

    /// <summary>Searches the overlay's items only.</summary>
    public int SearchOverlay(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        if (overlay.Count <= MostScanned || Acquire() is not { } leased) return AddOverlay(query, parameters, results, found: 0, cancellationToken);
        try
        {
            var ofRows = parameters with { Filter = new OverlayOnly(overlay, parameters.Filter) };
            return ToItems(results[..leased.Graph.Search(query, ofRows, results, cancellationToken)]);
        }
        finally
        {
            leased.Release();
        }
    }

    /// <summary>
    /// Does what the graph's first write would have to do, which takes seconds where there are a million items: who writes then does not wait. Writer only.
    /// </summary>
    public void PrepareWrites()
    {
        if (Acquire() is not { } leased) return;
        try
        {
            leased.Graph.Repair();
        }
        finally
        {
            leased.Release();
        }
    }

    /// <summary>Puts a row of the overlay into the graph. Writer only; rows come in their order.</summary>
    public void Insert(int row, ReadOnlySpan<float> vector)
    {
        lock (_writing)
        {
            if (Graph?.Insert(vector) is { } given && given.Value != overlay.BaseItems + row)
            {
                throw new InvalidOperationException($"The graph gave row {row} of the overlay ordinal {given.Value} instead of {overlay.BaseItems + row}.");
            }
        }
    }

    /// <summary>Takes a row of the overlay out of the graph.</summary>
    public void Delete(int row)
    {
        lock (_writing) Graph?.Delete(RowOrdinal(row));
    }

    /// <summary>
    /// Takes an item out of the graph, or back into it. Where every row is scanned nothing is done: there a filter costs as much.
    /// </summary>
    public void SetAnswerable(ItemOrdinal item, bool isAnswerable)
    {
        lock (_writing)
        {
            if (Graph is not { } graph) return;
            var row = overlay.Contains(item) ? RowOrdinal(overlay.RowOf(item)) : item;
            if (isAnswerable) graph.Restore(row);
            else graph.Delete(row);
        }
    }

    /// <summary>Builds the graph anew without what is deleted, while this one is searched and written to, and lets it take the place of this one. One caller at a time.</summary>
    /// <param name="queries">Calibrates the new graph.</param>
    /// <param name="cancellationToken">Stops the build.</param>
    public void Compact(VectorTable queries, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _graph) is not { } old) return;
        var fresh = old.Graph.BuildCompacted(cancellationToken: cancellationToken);
        try
        {
            fresh.Calibrate(queries, cancellationToken);
            // Most of what came meanwhile is taken over while more comes, so that who writes waits for the last few only.
            while (old.Graph.Items - fresh.Items > MostTakenOverAtOnce)
            {
                cancellationToken.ThrowIfCancellationRequested();
                fresh.CatchUpWith(old.Graph);
            }

            lock (_writing)
            {
                fresh.CatchUpWith(old.Graph);
                Volatile.Write(ref _graph, new LeasedGraph(fresh));
            }
        }
        catch
        {
            fresh.Dispose();
            throw;
        }

        old.Release();
    }

    /// <summary>The same by a scan of every row: exact, and never short of an answer.</summary>
    public int Scan(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken)
    {
        using var exact = new ExactIndex(table, Metric);
        return AddOverlay(query, parameters, results, exact.Search(query, parameters, results, cancellationToken), cancellationToken);
    }

    /// <summary>The same for many queries in one pass over the rows, on the caller's thread.</summary>
    /// <param name="queries">[queries, dimension].</param>
    /// <param name="parameters">How many to find of each, and among which.</param>
    /// <param name="results">[queries, count], best first, overwritten.</param>
    /// <param name="counts">[queries], how many were found; overwritten.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    public void ScanAll(VectorTable queries, SearchParameters parameters, Neighbor[] results, int[] counts, CancellationToken cancellationToken)
    {
        using var exact = new ExactIndex(table, Metric);
        exact.SearchAll(queries, parameters.Count, parameters.Filter, results, counts, threads: 1, cancellationToken);
        for (var query = 0; query < queries.Rows; query++)
        {
            var found = results.AsSpan(query * parameters.Count, parameters.Count);
            counts[query] = AddOverlay(queries[new ItemOrdinal(query)], parameters, found, counts[query], cancellationToken);
        }
    }

    /// <summary>Lets go of the graph. No one may search any more.</summary>
    public void Dispose() => Interlocked.Exchange(ref _graph, null)?.Release();

    private LeasedGraph? Acquire()
    {
        while (Volatile.Read(ref _graph) is { } graph)
        {
            if (graph.TryAcquire()) return graph;
            // Freed between the read and the lease: another one is in its place by now.
        }

        return null;
    }

    private ItemOrdinal RowOrdinal(int row) => new(overlay.BaseItems + row);

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
