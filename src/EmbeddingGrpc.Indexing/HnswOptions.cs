using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Indexing;

/// <summary>How an HNSW graph is built (Malkov and Yashunin 2018, arXiv:1603.09320).</summary>
public sealed record HnswOptions
{
    /// <summary>Links of a node on the upper layers, M; twice as many on layer 0.</summary>
    [Range(2, 128)]
    public int M { get; init; } = 16;

    /// <summary>Size of the candidate pool while building.</summary>
    [Range(8, 4096)]
    public int EfConstruction { get; init; } = 200;

    /// <summary>Size of the candidate pool of a search that does not say.</summary>
    [Range(1, 4096)]
    public int EfSearch { get; init; } = 128;

    /// <summary>Threads that build; 0 means one for each processor. One thread and a seed build the same graph every time.</summary>
    [Range(0, 1024)]
    public int BuildThreads { get; init; }

    /// <summary>Seed of the layer draw.</summary>
    public ulong Seed { get; init; } = 42;
}
