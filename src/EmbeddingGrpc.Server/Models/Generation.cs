using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Overlay;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// A result of training that can serve: a frozen base, and an overlay of items that were folded in since. One writer of the overlay, wait-free
/// readers. Its tables and indexes are native memory: held by leases, freed by the last reader after the store let go of it.
/// </summary>
/// <remarks>
/// Ordinals below the vocabulary's count are of the base, those above of the overlay. Whatever takes an ordinal from a search must ask the
/// generation for what belongs to it, not the tables of the base.
/// </remarks>
#pragma warning disable CA1001 // The last lease frees what it owns: nobody disposes a generation that others may read.
public sealed class Generation
#pragma warning restore CA1001
{
    // What an answer that was kept may miss of new items: short beside the second in which they are to be recallable.
    private static readonly TimeSpan RevisionInterval = TimeSpan.FromMilliseconds(250);

    // Far below any number of leases, so that the count of a freed generation stays negative whatever late readers add to it.
    private const int Freed = int.MinValue / 2;

    private readonly GenerationParts _parts;
    private readonly ItemKeys _items;
    private readonly KeyMap _keys;
    private readonly OrdinalMap _ordinals;
    private readonly GenerationOverlay _overlay;
    private readonly OverlaidIndex _similar;
    private readonly OverlaidIndex? _next;
    private readonly TimeProvider _time;
    private readonly Lock _revising = new();
    private long _revisedAt;
    private int _revisedRows;
    private ulong _cacheId;
    private int _leases = 1;

    /// <summary>Makes a generation and takes ownership of its parts. The caller holds the first lease and hands it to <see cref="GenerationStore.Publish"/>.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together; says which.</exception>
    public Generation(GenerationParts parts, ItemKeys items, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(parts);
        RequireShape(nameof(parts.Input), parts.Input.Rows, parts.Input.Dimension, parts);
        Info = GenerationInfo.Of(parts);
        RequireOutputs(parts, Info.PredictsNext);
        if (parts.Output is { } output) RequireShape(nameof(parts.Output), output.Rows, output.Dimension, parts);
        if (parts.Similarity is { } similarity) RequireShape(nameof(parts.Similarity), similarity.Rows, similarity.Dimension, parts);
        RequireShape(nameof(parts.Similar), parts.Similar.Count, parts.Similar.Dimension, parts);
        if (parts.Next is { } next) RequireShape(nameof(parts.Next), next.Count, next.Dimension, parts);
        _parts = parts;
        _items = items;
        _time = time ?? TimeProvider.System;
        _cacheId = parts.Id;
        _revisedAt = _time.GetTimestamp();
        _keys = new KeyMap(parts.Vocabulary, items);
        _ordinals = new OrdinalMap(parts.Vocabulary, items);
        _overlay = new GenerationOverlay(parts.Vocabulary.Count, parts.Input.Dimension, hasSimilarity: parts.Similarity is not null);
        _similar = new OverlaidIndex(parts.Similar, Similarity, _overlay, _overlay.SimilarityOf);
        if (Info.PredictsNext) _next = new OverlaidIndex(parts.Next!, parts.Output!, _overlay, _overlay.OutputOf);
        IdText = IsUntrained ? "" : GenerationInfo.TextOf(parts.Id);
        Blend = BlendMetrics.Read(parts.Metrics);
    }

    /// <summary>What is told of it; stays valid when the generation is freed.</summary>
    public GenerationInfo Info { get; }

    /// <summary>What it learned of how much its sources of recall count; null where it learned nothing.</summary>
    public BlendWeights? Blend { get; }

    /// <summary>Random; names it in responses and in cache keys.</summary>
    public ulong Id => _parts.Id;

    /// <summary><see cref="Id"/> as 16 hexadecimal digits; empty for one that stands for none.</summary>
    public string IdText { get; }

    /// <summary>Whether it stands for a generation where there is none yet: it has no items.</summary>
    public bool IsUntrained => Id == UntrainedGeneration.Id;

    /// <summary>Counts the model's generations from 1.</summary>
    public long Number => _parts.Number;

    /// <summary>
    /// What names the generation with its overlay in cache keys: <see cref="Id"/> while nothing is folded in, and another number when something was, at
    /// most four times a second, so that answers are worth keeping.
    /// </summary>
    public ulong CacheId
    {
        get
        {
            if (Volatile.Read(ref _revisedRows) != _overlay.RowCount && _time.GetElapsedTime(Volatile.Read(ref _revisedAt)) >= RevisionInterval) Revise();
            return Volatile.Read(ref _cacheId);
        }
    }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreateTime => _parts.CreateTime;

    /// <summary>Log entries it was trained on.</summary>
    public LogOffset TrainedOffset => _parts.TrainedOffset;

    /// <summary>The items of the base.</summary>
    public Vocabulary Vocabulary => _parts.Vocabulary;

    /// <summary>Items of the base and of the overlay.</summary>
    public int ItemCount => _parts.Vocabulary.Count + _overlay.Count;

    /// <summary>W1 of the base, [items, dimension]: the vectors that are trained to predict.</summary>
    public VectorTable Input => _parts.Input;

    /// <summary>W2 of the base, [items, dimension]: a high product with a W1 row means likely next.</summary>
    /// <exception cref="InvalidOperationException">It has none (<see cref="GenerationInfo.PredictsNext"/>).</exception>
    public VectorTable Output => _parts.Output ?? throw NoOutputs();

    /// <summary>What <see cref="Similar"/> searches, of the base, [items, dimension]: near by cosine means similar.</summary>
    public VectorTable Similarity => _parts.Similarity ?? _parts.Input;

    /// <summary>Over <see cref="Similarity"/> and the overlay, by cosine.</summary>
    public IVectorIndex Similar => _similar;

    /// <summary>Over W2, the overlay's too, by dot product, queried from W1.</summary>
    /// <exception cref="InvalidOperationException">It has no W2 (<see cref="GenerationInfo.PredictsNext"/>).</exception>
    public IVectorIndex Next => NextIndex;

    /// <summary><see cref="Similar"/> for who keeps it in order.</summary>
    internal OverlaidIndex SimilarIndex => _similar;

    /// <summary><see cref="Next"/> for who keeps it in order.</summary>
    internal OverlaidIndex NextIndex => _next ?? throw NoOutputs();

    /// <summary>Rows of the overlay, which only grow in number: at least one an item that was folded in.</summary>
    internal int OverlayRows => _overlay.RowCount;

    /// <summary>The item that a row of the overlay was made for.</summary>
    internal ItemOrdinal ItemOfOverlayRow(int row) => _overlay.ItemOf(row);

    /// <summary>Whether similar items have a table of their own; else it is W1.</summary>
    public bool HasSimilarityTable => _parts.Similarity is not null;

    /// <summary>Whether that table is <see cref="SimilaritySpace"/>, whose last coordinate is doubt.</summary>
    public bool HasSimilaritySpace => HasSimilarityTable && Info.VectorSource == SimilarVectors.Space;

    /// <summary>What folds new items in; null where nothing does. Set before anyone else sees the generation.</summary>
    internal GenerationFolder? Folder { get; set; }

    /// <summary>Memory of its vectors, overlay aside, in bytes.</summary>
    public long VectorBytes =>
        _parts.Input.SizeBytes + (ReferenceEquals(_parts.Input, _parts.Output) ? 0 : _parts.Output?.SizeBytes ?? 0) + (_parts.Similarity?.SizeBytes ?? 0);

    /// <summary>Memory of its indexes, in bytes.</summary>
    public long IndexBytes => _similar.SizeBytes + (_next?.SizeBytes ?? 0);

    /// <summary>Memory of the overlay, in bytes.</summary>
    public long OverlayBytes => _overlay.SizeBytes;

    /// <summary>Metric name to value, such as <c>training.words_per_second</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics => _parts.Metrics;

    /// <summary>Whether its memory is gone: it was replaced and its last lease ended.</summary>
    internal bool IsFreed => Volatile.Read(ref _leases) < 0;

    /// <summary>The ordinal of a key. Items that it does not know and keys not given yet have none.</summary>
    public bool TryGetOrdinal(ItemKey key, out ItemOrdinal ordinal) => _ordinals.TryGet(key, out ordinal);

    /// <summary>The key of an item.</summary>
    /// <returns>False for an item that the stream never saw, as imported vectors may have.</returns>
    public bool TryGetKey(ItemOrdinal item, out ItemKey key) => _keys.TryGet(item, out key);

    /// <summary>The ordinal of an item.</summary>
    /// <returns>False for items that it does not know.</returns>
    public bool TryGetOrdinal(string itemId, out ItemOrdinal ordinal) =>
        Vocabulary.TryGetOrdinal(itemId, out ordinal) || (_overlay.Count > 0 && _items.TryGet(itemId, out var key) && _ordinals.TryGet(key, out ordinal));

    /// <summary>The id of an item, in UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8IdOf(ItemOrdinal item) => IsCold(item) ? _overlay.Utf8IdOf(item) : Vocabulary.Utf8IdOf(item);

    /// <summary>The id of an item.</summary>
    public string IdOf(ItemOrdinal item) => Encoding.UTF8.GetString(Utf8IdOf(item));

    /// <summary>W1 of an item, [dimension].</summary>
    public ReadOnlySpan<float> InputOf(ItemOrdinal item) => IsCold(item) ? _overlay.InputOf(item) : Input[item];

    /// <summary>W2 of an item, [dimension].</summary>
    public ReadOnlySpan<float> OutputOf(ItemOrdinal item) => IsCold(item) ? _overlay.OutputOf(item) : Output[item];

    /// <summary>An item's row in the space of similar items, [dimension].</summary>
    public ReadOnlySpan<float> SimilarityOf(ItemOrdinal item) => IsCold(item) ? _overlay.SimilarityOf(item) : Similarity[item];

    /// <summary>Whether an item was folded in: the generation was not trained on it.</summary>
    public bool IsCold(ItemOrdinal item) => _overlay.Contains(item);

    /// <summary>Writes the query that finds what is similar to an item.</summary>
    /// <param name="item">An item of this generation.</param>
    /// <param name="query">[dimension]; overwritten.</param>
    public void SimilarityQuery(ItemOrdinal item, Span<float> query)
    {
        SimilarityOf(item).CopyTo(query);
        if (HasSimilaritySpace) SimilaritySpace.ClearDoubt(query);
    }

    /// <summary>What <see cref="Similar"/> finds, by a scan of every row: exact, and never short of an answer.</summary>
    public int ScanSimilar(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken) =>
        _similar.Scan(query, parameters, results, cancellationToken);

    /// <summary>What <see cref="Next"/> finds, by a scan of every row: exact, and never short of an answer.</summary>
    public int ScanNext(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken) =>
        NextIndex.Scan(query, parameters, results, cancellationToken);

    /// <summary>What <see cref="Similar"/> finds among the items that the generation was not trained on.</summary>
    public int SearchColdSimilar(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken) =>
        _similar.SearchOverlay(query, parameters, results, cancellationToken);

    /// <summary>What <see cref="Next"/> finds among the items that the generation was not trained on.</summary>
    public int SearchColdNext(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken) =>
        NextIndex.SearchOverlay(query, parameters, results, cancellationToken);

    /// <summary>Makes both indexes ready for the first item to be folded in. The overlay's one writer only; readers are not held up.</summary>
    /// <exception cref="InvalidOperationException">It has no W2, and so nothing is folded in (<see cref="GenerationInfo.PredictsNext"/>).</exception>
    internal void PrepareFoldIn()
    {
        NextIndex.PrepareWrites();
        _similar.PrepareWrites();
    }

    /// <summary>Adds an item that the base does not know, or gives one of the overlay better vectors. The overlay's one writer only.</summary>
    /// <param name="key">The item.</param>
    /// <param name="input">W1, [dimension].</param>
    /// <param name="output">W2, [dimension].</param>
    /// <param name="similarity">Its row in the space of similar items, [dimension]; not read where that is W1.</param>
    /// <exception cref="InvalidOperationException">It has no W2, and so nothing is folded in (<see cref="GenerationInfo.PredictsNext"/>).</exception>
    internal void FoldIn(ItemKey key, ReadOnlySpan<float> input, ReadOnlySpan<float> output, ReadOnlySpan<float> similarity)
    {
        var next = NextIndex;
        var isKnown = _ordinals.TryGet(key, out var item);
        if (isKnown && !IsCold(item)) throw new ArgumentException($"Item '{_items.IdOf(key)}' is in the vocabulary of generation {IdText}.", nameof(key));
        if (!isKnown) item = new ItemOrdinal(ItemCount);
        var before = isKnown ? _overlay.RowOf(item) : -1;
        if (!isKnown) _keys.Set(item, key);
        var row = _overlay.AddRow(item, input, output, similarity);
        if (!isKnown) _overlay.AddItem(key, _items.Utf8IdOf(key).ToArray(), row);
        _similar.Insert(row, HasSimilarityTable ? similarity : input);
        next.Insert(row, output);
        if (isKnown) _overlay.MoveItem(item, row);
        else _ordinals.Set(key, item);
        if (before < 0) return;
        // Only now: a search always finds one of the two.
        _similar.Delete(before);
        next.Delete(before);
    }

    private void Revise()
    {
        lock (_revising)
        {
            if (_time.GetElapsedTime(_revisedAt) < RevisionInterval) return;
            var rows = _overlay.RowCount;
            Volatile.Write(ref _cacheId, Id ^ BitConverter.ToUInt64(XxHash3.Hash(BitConverter.GetBytes(rows))));
            Volatile.Write(ref _revisedAt, _time.GetTimestamp());
            Volatile.Write(ref _revisedRows, rows);
        }
    }

    /// <summary>Takes a lease unless the memory is gone. A freed generation never comes back.</summary>
    internal bool TryAcquire()
    {
        if (Interlocked.Increment(ref _leases) > 0) return true;
        Interlocked.Decrement(ref _leases);
        return false;
    }

    /// <summary>Ends a lease; the last one frees the memory.</summary>
    internal void Release()
    {
        var leases = Interlocked.Decrement(ref _leases);
        if (leases > 0) return;
        if (leases < 0) throw new InvalidOperationException($"A lease of generation {IdText} was ended twice.");

        // Who fails here lost to a reader that leased in between: then that reader is the last one and comes by here itself.
        if (Interlocked.CompareExchange(ref _leases, Freed, 0) != 0) return;
        _similar.Dispose();
        _next?.Dispose();
        _parts.Dispose();
        _overlay.Dispose();
    }

    private InvalidOperationException NoOutputs() =>
        new($"Generation {IdText} has no output vectors of items: with a hierarchical softmax they are nodes of a tree. Ask Info.PredictsNext first.");

    private static void RequireOutputs(GenerationParts parts, bool predictsNext)
    {
        if ((parts.Output is not null) != predictsNext || (parts.Next is not null) != predictsNext)
        {
            throw new ArgumentException(
                predictsNext
                    ? $"{nameof(parts.Output)} and {nameof(parts.Next)} are needed but for a hierarchical softmax."
                    : $"{nameof(parts.Output)} and {nameof(parts.Next)} must be null: a hierarchical softmax has no output vectors of items.",
                nameof(parts));
        }
    }

    private static void RequireShape(string part, int rows, int dimension, GenerationParts parts)
    {
        if (rows != parts.Vocabulary.Count || dimension != parts.Input.Dimension)
        {
            throw new ArgumentException(
                $"{part} is [{rows}, {dimension}] where the vocabulary has {parts.Vocabulary.Count} items and W1 has dimension {parts.Input.Dimension}.",
                nameof(parts));
        }
    }
}
