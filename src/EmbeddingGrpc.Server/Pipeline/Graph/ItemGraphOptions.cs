using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>How the live item graph is kept. Configuration section <c>EmbeddingGrpc:Model:Graph</c>.</summary>
public sealed record ItemGraphOptions
{
    /// <summary>Edges kept of an item at most; the lightest goes first. Eight bytes each.</summary>
    [Range(4, 1024)]
    public int MaximumEdges { get; init; } = 128;

    /// <summary>Interactions of a user, before and after one, that it is connected with.</summary>
    [Range(1, 100)]
    public int Window { get; init; } = 10;

    /// <summary>Weight of a connection relative to one that is a step nearer.</summary>
    [Range(0.01, 1.0)]
    public double DistanceDecay { get; init; } = 0.8;

    /// <summary>Weight of the way back in time relative to the way forward.</summary>
    [Range(0.0, 1.0)]
    public double BackwardWeight { get; init; } = 0.25;

    /// <summary>
    /// Model time after which a connection counts half. Long: an item's connections are compared with each other, and with a short one the few people
    /// who are active now outvote all who liked the same things before. Of MovieLens' twenty years, the connections of a year alone find half as much.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromDays(3650);
}
