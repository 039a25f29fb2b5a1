using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>How large and how lawful a simulated world is.</summary>
internal sealed record SimulatedWorldOptions
{
    /// <summary>People.</summary>
    [Range(1, 100_000_000)]
    public int Users { get; init; } = 4000;

    /// <summary>Things.</summary>
    [Range(10, 100_000_000)]
    public int Items { get; init; } = 2000;

    /// <summary>Kinds of things; a user cares for a few of them.</summary>
    [Range(1, 1_000_000)]
    public int Topics { get; init; } = 40;

    /// <summary>Mean number of sessions of a user.</summary>
    [Range(1, 1000)]
    public int SessionsPerUser { get; init; } = 6;

    /// <summary>Mean length of a session.</summary>
    [Range(2, 1000)]
    public int SessionLength { get; init; } = 8;

    /// <summary>Popularity of the item at rank r is 1 / r to this power.</summary>
    [Range(0.0, 3.0)]
    public double ZipfExponent { get; init; } = 1.0;

    /// <summary>Chance that the next item is one that tends to follow the last one.</summary>
    [Range(0.0, 1.0)]
    public double FollowProbability { get; init; } = 0.5;

    /// <summary>Chance that the next item is any of the session's topic; what is left is noise from the whole catalogue.</summary>
    [Range(0.0, 1.0)]
    public double TopicProbability { get; init; } = 0.35;

    /// <summary>The same seed is the same world.</summary>
    public ulong Seed { get; init; } = 42;
}
