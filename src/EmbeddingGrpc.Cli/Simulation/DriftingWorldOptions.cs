using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>How large a drifting world is and how fast it changes.</summary>
internal sealed record DriftingWorldOptions
{
    /// <summary>People.</summary>
    [Range(1, 100_000_000)]
    public int Users { get; init; } = 10_000;

    /// <summary>Kinds of things.</summary>
    [Range(1, 10_000)]
    public int Topics { get; init; } = 40;

    /// <summary>Things of each kind that are on offer at a time.</summary>
    [Range(2, 1_000_000)]
    public int ItemsPerTopic { get; init; } = 100;

    /// <summary>Sessions that go on at the same time, their interactions mixed.</summary>
    [Range(1, 1_000_000)]
    public int OpenSessions { get; init; } = 200;

    /// <summary>Mean length of a session.</summary>
    [Range(1, 1000)]
    public int SessionLength { get; init; } = 8;

    /// <summary>Interactions after which one thing is new and another leaves.</summary>
    [Range(1, long.MaxValue)]
    public long InteractionsPerNewItem { get; init; } = 1000;

    /// <summary>Chance that a person has lost one taste and found another since the last session.</summary>
    [Range(0.0, 1.0)]
    public double TasteChange { get; init; } = 0.05;

    /// <summary>Popularity of the item at rank r of its topic is 1 / r to this power.</summary>
    [Range(0.0, 3.0)]
    public double ZipfExponent { get; init; } = 1.0;

    /// <summary>Chance that the next item is one that tends to follow the last one.</summary>
    [Range(0.0, 1.0)]
    public double FollowProbability { get; init; } = 0.5;

    /// <summary>Chance that the next item is of any topic at all.</summary>
    [Range(0.0, 1.0)]
    public double NoiseProbability { get; init; } = 0.15;

    /// <summary>The same seed is the same world.</summary>
    public ulong Seed { get; init; } = 42;
}
