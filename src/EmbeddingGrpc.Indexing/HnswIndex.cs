using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Indexing.Files;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>
/// Hierarchical navigable small world graph over the rows of a vector table, to which items can be added and from which they can be deleted
/// while it is searched. One writer at a time (calls that write wait for each other), wait-free readers.
/// </summary>
/// <remarks>
/// The walk reads packed codes; the best of what it found are scored again from the float rows, so that scores are exact. The graph is flat
/// native memory beside the table, which stays its owner's and must outlive the index.
/// </remarks>
public sealed class HnswIndex : IVectorIndex
{
    /// <summary>Share of deleted items from which the index should be built anew.</summary>
    private const double CompactAbove = 0.2;

    /// <summary>Share of items that may come or go before the index should be calibrated again.</summary>
    private const double RecalibrateAbove = 0.25;

    /// <summary>Misses of a probe worth a repair are looked for with a pool of this size.</summary>
    private const int ProbeEf = 128;

    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly IGraphWriter _writer;
    private readonly HnswSearcher _searcher;
    private readonly Lock _writing = new();
    private Action? _beforeFirstWrite;
    private bool _disposed;

    /// <summary>Puts an index over its parts and takes ownership of them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="rows">The float rows.</param>
    /// <param name="deleted">Which items are deleted.</param>
    /// <param name="options">How the graph was built.</param>
    /// <param name="beforeFirstWrite">Checks what searches do not need checked, and throws; null where all is.</param>
    /// <param name="calibration">What was measured before, or null.</param>
    internal HnswIndex(HnswGraph graph, VectorRows rows, ItemBits deleted, HnswOptions options, Action? beforeFirstWrite = null, RecallCalibration? calibration = null)
    {
        _beforeFirstWrite = beforeFirstWrite;
        _rows = rows;
        _deleted = deleted;
        Options = options;
        _writer = graph.Codec.Metric switch
        {
            SimilarityMetric.Euclidean => new GraphWriter<PackedEuclideanKeys>(graph, rows, deleted, options),
            SimilarityMetric.DotProduct => new GraphWriter<PackedLinkKeys>(graph, rows, deleted, options),
            _ => new GraphWriter<PackedSphereKeys>(graph, rows, deleted, options),
        };
        _searcher = new HnswSearcher(_writer, rows, deleted, options) { Calibration = calibration };
    }

    /// <inheritdoc/>
    public int Count => Items - _deleted.Count;

    /// <summary>Ordinals given so far: rows of the table and items inserted, deleted ones included. The next item gets this one.</summary>
    public int Items => Graph.Ground.Count;

    /// <summary>Items deleted.</summary>
    public int DeletedCount => _deleted.Count;

    /// <summary>Deleted items that searches still walk through: not those that the graph was built without.</summary>
    public int Tombstones => _writer.Tombstones;

    /// <summary>What <see cref="Calibrate"/> measured, or the file held; null where it was not.</summary>
    public RecallCalibration? Calibration => _searcher.Calibration;

    /// <summary>Whether the index has grown or shrunk so much that it should be calibrated again, or never was.</summary>
    public bool NeedsCalibration => Calibration is not { } calibration || Math.Abs(Count - calibration.Items) > RecalibrateAbove * calibration.Items;

    /// <summary>Whether so many of the items that searches walk through are deleted that <see cref="BuildCompacted"/> should be called.</summary>
    public bool NeedsCompaction => Tombstones > CompactAbove * (Count + (long)Tombstones);

    /// <inheritdoc/>
    public int Dimension => _rows.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric => Graph.Codec.Metric;

    /// <inheritdoc/>
    public long SizeBytes => Graph.SizeBytes + _writer.SizeBytes + _rows.SizeBytes + _deleted.SizeBytes;

    /// <summary>How the graph was built.</summary>
    public HnswOptions Options { get; }

    internal HnswGraph Graph => _writer.Graph;

    internal ItemBits Deleted => _deleted;

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
        return Build(new VectorRows(vectors), NothingDeleted(vectors.Rows), metric, options, progress, cancellationToken);
    }

    /// <summary>Opens a file written by <see cref="Save"/> over the same table.</summary>
    /// <param name="path">The file. It may be replaced while the index is open, but never truncated or written to.</param>
    /// <param name="vectors">The table; stays its owner's and must outlive the index.</param>
    /// <param name="options">Whether the file is mapped and verified; null means both.</param>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, a broken checksum, or not of this table; says which.</exception>
    public static HnswIndex Open(string path, VectorTable vectors, IndexOpenOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(vectors);
        return HnswFileReader.Read(path, vectors, options ?? new IndexOpenOptions());
    }

    /// <summary>Verifies all checksums of a file, for one that was opened without.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or a broken checksum; says which.</exception>
    public static void Verify(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new IndexFile(path);
        file.VerifyAll(cancellationToken);
    }

    /// <summary>
    /// Writes the graph, what was inserted and what was deleted (not the table): a header with magic, version and checksums, then aligned
    /// sections. Waits for the writer and keeps others from writing.
    /// </summary>
    public void Save(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            HnswFileWriter.Write(destination, Graph, _rows, _deleted, Options, Calibration);
        }
    }

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
    {
        QueryChecks.Validate(query, Dimension, parameters, results);
        cancellationToken.ThrowIfCancellationRequested();
        return _searcher.Search(query, parameters, results[..parameters.Count], cancellationToken);
    }

    /// <summary>Searches by a walk of a given extent, for calibration.</summary>
    internal int Search(ReadOnlySpan<float> query, WalkExtent extent, Span<Neighbor> results, out long visited, CancellationToken cancellationToken) =>
        _searcher.Search(query, extent, results, out visited, cancellationToken);

    /// <summary>Adds an item. Searches that start afterwards find it.</summary>
    /// <param name="vector">[dimension].</param>
    /// <returns>Its ordinal: the number of ordinals given before.</returns>
    /// <exception cref="ArgumentException">The vector has the wrong length or a value that is not finite.</exception>
    /// <exception cref="IndexFullException">There is no address space for another item.</exception>
    public ItemOrdinal Insert(ReadOnlySpan<float> vector)
    {
        QueryChecks.ValidateVector(vector, Dimension, nameof(vector));
        lock (_writing)
        {
            BeforeWriting();
            return new ItemOrdinal(_writer.Insert(vector));
        }
    }

    /// <summary>Deletes an item. Searches that start afterwards do not answer it; its ordinal is not given again.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(ItemOrdinal item)
    {
        lock (_writing)
        {
            BeforeWriting();
            return (uint)item.Value < (uint)Items && _writer.Delete(item.Value);
        }
    }

    /// <summary>Takes a deletion back. Searches that start afterwards find the item.</summary>
    /// <returns>Whether it was deleted.</returns>
    public bool Restore(ItemOrdinal item)
    {
        lock (_writing)
        {
            BeforeWriting();
            return (uint)item.Value < (uint)Items && _writer.Restore(item.Value);
        }
    }

    /// <summary>Whether an ordinal was given and its item not deleted.</summary>
    public bool Contains(ItemOrdinal item) => (uint)item.Value < (uint)Items && !_deleted.Contains(item.Value);

    /// <summary>
    /// Measures which pool gives which recall, so that searches can ask for a recall (<see cref="SearchParameters.TargetRecall"/>). Beside
    /// searches and writes; the result is stored with the index.
    /// </summary>
    /// <param name="queries">Queries such as will come, which matters where these are not like the rows; null means the index's own rows.</param>
    /// <param name="cancellationToken">Checked between queries.</param>
    public RecallCalibration Calibrate(VectorTable? queries = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (queries is not null && queries.Dimension != Dimension)
        {
            throw new ArgumentException($"Queries of {queries.Dimension} values; this index has vectors of {Dimension}.", nameof(queries));
        }
        using var calibrator = new Calibrator(this, _rows, _deleted, queries);
        var calibration = calibrator.Run(cancellationToken);
        _searcher.Calibration = calibration;
        return calibration;
    }

    /// <summary>
    /// Searches for some items by their own vectors: the check that nothing was lost, cheap enough for a daemon to run all the time. Where
    /// it finds misses, <see cref="Repair"/> is due.
    /// </summary>
    /// <param name="first">Ordinal to begin at; a round of probes passes over all by beginning where the last ended.</param>
    /// <param name="count">Ordinals to look at.</param>
    /// <param name="cancellationToken">Checked between searches.</param>
    /// <returns>Live items searched for, and how many of them were not found.</returns>
    public ProbeResult Probe(ItemOrdinal first, int count, CancellationToken cancellationToken = default)
    {
        var vector = new float[Dimension];
        Span<Neighbor> found = stackalloc Neighbor[1];
        int probed = 0, missed = 0;
        for (var item = Math.Max(0, first.Value); item < Math.Min(Items, (long)first.Value + count); item++)
        {
            var ordinal = new ItemOrdinal(item);
            if (!Contains(ordinal)) continue;
            CopyVector(ordinal, vector);
            var answered = Search(vector, new SearchParameters(1, ProbeEf), found, cancellationToken);
            // Deleted in the meantime is not lost; another as near is as good (equal vectors, or zero ones).
            if (!Contains(ordinal)) continue;
            probed++;
            if (answered == 0 || (found[0].Item != ordinal && found[0].Score < SelfScore(item))) missed++;
        }
        return new ProbeResult(probed, missed);
    }

    /// <summary>Copies the vector of an item, deleted or not.</summary>
    /// <param name="item">Its ordinal.</param>
    /// <param name="vector">[dimension], overwritten.</param>
    public unsafe void CopyVector(ItemOrdinal item, Span<float> vector)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)item.Value, (uint)Items, nameof(item));
        new ReadOnlySpan<float>(_rows.Row(item.Value), Dimension).CopyTo(vector);
    }

    /// <summary>
    /// Looks for live items that a search could not reach and links them. There should be none; a daemon runs this now and then and counts
    /// what it found. The first time, or where there are some, writes wait for a walk through all links, which takes half a second for a million
    /// items; otherwise they go on meanwhile. The caller sees to it that the index is not disposed before this ends.
    /// </summary>
    /// <param name="cancellationToken">Checked now and then.</param>
    /// <returns>How many there were.</returns>
    public int Repair(CancellationToken cancellationToken = default)
    {
        lock (_writing)
        {
            BeforeWriting();
            if (!_writer.IsReady) return _writer.Repair();
        }

        // Not under the lock: who calls is often a thread of low priority, and a new item must not wait until that has had its turns.
        var suspects = _writer.FindUnreached(cancellationToken);
        if (suspects.Count == 0) return 0;
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return suspects.TrueForAll(_writer.IsLed) ? 0 : _writer.Repair();
        }
    }

    /// <summary>
    /// Builds the graph anew without what is deleted, while this one goes on serving and changing. Ordinals stay. Before the new index takes
    /// the place of this one, its owner lets it <see cref="CatchUpWith"/> this one, with writes held back meanwhile.
    /// </summary>
    /// <param name="progress">Told the number of inserted items now and then.</param>
    /// <param name="cancellationToken">Stops the build between items.</param>
    public HnswIndex BuildCompacted(IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        VectorRows rows;
        ItemBits deleted;
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            rows = _rows.Copy();
            deleted = _deleted.Copy(Items, IndexCapacity.For(_rows.Base));
        }
        return Build(rows, deleted, Metric, Options, progress, cancellationToken);
    }

    /// <summary>Takes over what was inserted, deleted and restored in another index over the same table since this one was built from it.</summary>
    public void CatchUpWith(HnswIndex other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var vector = new float[Dimension];
        for (var item = Items; item < other.Items; item++)
        {
            other.CopyVector(new ItemOrdinal(item), vector);
            Insert(vector);
        }
        for (var item = 0; item < other.Items; item++)
        {
            if (other._deleted.Contains(item)) Delete(new ItemOrdinal(item));
            else if (_deleted.Contains(item)) Restore(new ItemOrdinal(item));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed) return;
            _disposed = true;
            _searcher.Dispose();
            _writer.Graph.Free();
            _writer.Dispose();
            _rows.Dispose();
            _deleted.Dispose();
        }
    }

    private void BeforeWriting()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _beforeFirstWrite?.Invoke();
        _beforeFirstWrite = null;
    }

    private unsafe float SelfScore(int item)
    {
        // By dot product a longer row may be nearer than the item itself: then the item is found where it is not by itself, but by what is best.
        var row = _rows.Row(item);
        return new Kernels.ExactScorer(Metric, row, _rows.Stride).Score(row);
    }

    private static ItemBits NothingDeleted(int rows) => new(IndexCapacity.For(rows), rows);

    private static HnswIndex Build(
        VectorRows rows, ItemBits deleted, SimilarityMetric metric, HnswOptions options, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return new HnswIndex(GraphPlan.Build(rows, deleted, metric, options, progress, cancellationToken), rows, deleted, options);
        }
        catch
        {
            rows.Dispose();
            deleted.Dispose();
            throw;
        }
    }
}
