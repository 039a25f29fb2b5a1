using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>A result of training that can serve. Immutable; freed by its last lease.</summary>
public sealed class Generation
{
    /// <summary>Random; names it in responses and in cache keys.</summary>
    public ulong Id => throw new NotImplementedException();

    /// <summary><see cref="Id"/> as 16 hexadecimal digits.</summary>
    public string IdText => throw new NotImplementedException();

    /// <summary>Counts the model's generations from 1.</summary>
    public long Number => throw new NotImplementedException();

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreateTime => throw new NotImplementedException();

    /// <summary>Log entries it was trained on.</summary>
    public LogOffset TrainedOffset => throw new NotImplementedException();

    /// <summary>The items.</summary>
    public Vocabulary Vocabulary => throw new NotImplementedException();

    /// <summary>W1, [items, dimension]: near means similar.</summary>
    public VectorTable Input => throw new NotImplementedException();

    /// <summary>W2, [items, dimension]: a high product with a W1 row means likely next.</summary>
    public VectorTable Output => throw new NotImplementedException();

    /// <summary>Over W1, by cosine.</summary>
    public IVectorIndex Similar => throw new NotImplementedException();

    /// <summary>Over W2, by dot product, queried from W1.</summary>
    public IVectorIndex Next => throw new NotImplementedException();

    /// <summary>Metric name to value, such as <c>training.words_per_second</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics => throw new NotImplementedException();

    /// <summary>The ordinal of a key in this generation.</summary>
    public bool TryGetOrdinal(ItemKey key, out ItemOrdinal ordinal) => throw new NotImplementedException();
}
