using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>One model's options. Configuration section <c>EmbeddingGrpc:Model</c> holds those of the default model.</summary>
public sealed record ModelOptions
{
    /// <summary>A user's sequence is cut into sessions where a gap is longer.</summary>
    public TimeSpan SessionGap { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Interactions kept for each user.</summary>
    [Range(1, 1024)]
    public int HistoryLength { get; init; } = 50;

    /// <summary>Users kept at most; the one that was active longest ago goes first.</summary>
    [Range(1, 1_000_000_000)]
    public int MaximumUsers { get; init; } = 10_000_000;

    /// <summary>Generations kept on disk, the serving one included.</summary>
    [Range(1, 100)]
    public int KeepGenerations { get; init; } = 3;

    /// <summary>The trainer.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The index.</summary>
    public HnswOptions Index { get; init; } = new();

    /// <summary>The log.</summary>
    public EventLogOptions Log { get; init; } = new();
}
