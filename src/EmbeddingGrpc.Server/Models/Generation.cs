using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// A result of training that can serve. Immutable. Its tables and indexes are native memory: held by leases, freed by the last reader
/// after the store let go of it.
/// </summary>
public sealed class Generation
{
    // Far below any number of leases, so that the count of a freed generation stays negative whatever late readers add to it.
    private const int Freed = int.MinValue / 2;

    private readonly GenerationParts _parts;
    private readonly OrdinalMap _ordinals;
    private int _leases = 1;

    /// <summary>Makes a generation and takes ownership of its parts. The caller holds the first lease and hands it to <see cref="GenerationStore.Publish"/>.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together; says which.</exception>
    public Generation(GenerationParts parts, ItemKeys items)
    {
        ArgumentNullException.ThrowIfNull(parts);
        RequireShape(nameof(parts.Input), parts.Input.Rows, parts.Input.Dimension, parts);
        RequireShape(nameof(parts.Output), parts.Output.Rows, parts.Output.Dimension, parts);
        if (parts.Similarity is { } similarity) RequireShape(nameof(parts.Similarity), similarity.Rows, similarity.Dimension, parts);
        RequireShape(nameof(parts.Similar), parts.Similar.Count, parts.Similar.Dimension, parts);
        RequireShape(nameof(parts.Next), parts.Next.Count, parts.Next.Dimension, parts);
        _parts = parts;
        _ordinals = new OrdinalMap(parts.Vocabulary, items);
        IdText = GenerationInfo.TextOf(parts.Id);
        Info = new GenerationInfo
        {
            Id = parts.Id,
            Number = parts.Number,
            CreateTime = parts.CreateTime,
            TrainedOffset = parts.TrainedOffset,
            ItemCount = parts.Vocabulary.Count,
            Dimension = parts.Input.Dimension,
            Metrics = parts.Metrics,
            Options = parts.Options,
        };
    }

    /// <summary>What is told of it; stays valid when the generation is freed.</summary>
    public GenerationInfo Info { get; }

    /// <summary>Random; names it in responses and in cache keys.</summary>
    public ulong Id => _parts.Id;

    /// <summary><see cref="Id"/> as 16 hexadecimal digits.</summary>
    public string IdText { get; }

    /// <summary>Counts the model's generations from 1.</summary>
    public long Number => _parts.Number;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreateTime => _parts.CreateTime;

    /// <summary>Log entries it was trained on.</summary>
    public LogOffset TrainedOffset => _parts.TrainedOffset;

    /// <summary>The items.</summary>
    public Vocabulary Vocabulary => _parts.Vocabulary;

    /// <summary>W1, [items, dimension]: the vectors that are trained to predict.</summary>
    public VectorTable Input => _parts.Input;

    /// <summary>W2, [items, dimension]: a high product with a W1 row means likely next.</summary>
    public VectorTable Output => _parts.Output;

    /// <summary>What <see cref="Similar"/> searches, [items, dimension]: near by cosine means similar.</summary>
    public VectorTable Similarity => _parts.Similarity ?? _parts.Input;

    /// <summary>Over <see cref="Similarity"/>, by cosine.</summary>
    public IVectorIndex Similar => _parts.Similar;

    /// <summary>Over W2, by dot product, queried from W1.</summary>
    public IVectorIndex Next => _parts.Next;

    /// <summary>Metric name to value, such as <c>training.words_per_second</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics => _parts.Metrics;

    /// <summary>Writes the query that finds what is similar to an item.</summary>
    /// <param name="item">An item of this generation.</param>
    /// <param name="query">[dimension]; overwritten.</param>
    public void SimilarityQuery(ItemOrdinal item, Span<float> query)
    {
        Similarity[item].CopyTo(query);
        if (_parts.Similarity is not null) SimilaritySpace.ClearDoubt(query);
    }

    /// <summary>Whether its memory is gone: it was replaced and its last lease ended.</summary>
    internal bool IsFreed => Volatile.Read(ref _leases) < 0;

    /// <summary>The ordinal of a key in this generation. Items that it does not know and keys not given yet have none.</summary>
    public bool TryGetOrdinal(ItemKey key, out ItemOrdinal ordinal) => _ordinals.TryGet(key, out ordinal);

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
        if (Interlocked.CompareExchange(ref _leases, Freed, 0) == 0) _parts.Dispose();
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
