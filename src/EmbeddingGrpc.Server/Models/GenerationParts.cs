using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>What a generation is made of. The generation takes ownership of the tables and the indexes.</summary>
public sealed record GenerationParts : IDisposable
{
    /// <summary>Random; names it in responses and in cache keys.</summary>
    public ulong Id { get; init; } = NewId();

    /// <summary>Counts the model's generations from 1.</summary>
    public long Number { get; init; } = 1;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreateTime { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>Log entries it was trained on.</summary>
    public LogOffset TrainedOffset { get; init; }

    /// <summary>The items.</summary>
    public required Vocabulary Vocabulary { get; init; }

    /// <summary>W1, [items, dimension].</summary>
    public required VectorTable Input { get; init; }

    /// <summary>W2, [items, dimension]; null where it has no row an item (<see cref="GenerationInfo.PredictsNext"/>).</summary>
    public required VectorTable? Output { get; init; }

    /// <summary>The space of <see cref="SimilaritySpace"/>, [items, dimension]; null where <see cref="Input"/> serves as it is, as with imported vectors.</summary>
    public VectorTable? Similarity { get; init; }

    /// <summary>Over <see cref="Similarity"/> (else <see cref="Input"/>), by cosine.</summary>
    public required IVectorIndex Similar { get; init; }

    /// <summary>Over <see cref="Output"/>, by dot product; null where there is none.</summary>
    public required IVectorIndex? Next { get; init; }

    /// <summary>Metric name to value.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Options that it was trained with, by name; empty where it was not trained here.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Why it serves or does not; null where that was not written down.</summary>
    public PromotionReport? Promotion { get; init; }

    /// <summary>A random id that is not 0.</summary>
    public static ulong NewId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong id;
        do
        {
            System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
            id = BitConverter.ToUInt64(bytes);
        }
        while (id == 0);
        return id;
    }

    /// <summary>Frees the indexes, then the tables they walk.</summary>
    public void Dispose()
    {
        Similar.Dispose();
        Next?.Dispose();
        Input.Dispose();
        if (!ReferenceEquals(Input, Output)) Output?.Dispose();
        Similarity?.Dispose();
    }
}
