using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>How users are compared with each other. Configuration section <c>EmbeddingGrpc:Recall:SimilarUsers</c>.</summary>
public sealed record SimilarUserOptions
{
    /// <summary>
    /// Users who can be found as similar ones, for each model: those whose history changed last. Each costs the bytes of a vector and 20 more, once they are asked
    /// for. 0 turns it off.
    /// </summary>
    [Range(0, 10_000_000)]
    public int MaximumUsers { get; init; } = 100_000;

    /// <summary>How long what users did meanwhile may be missed by who looks for users similar to others. The user who is asked for is always as of now.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Users whose recent items are candidates, where a recall asks for those of similar users: the nearest ones.</summary>
    [Range(1, 1000)]
    public int Neighbors { get; init; } = 50;

    /// <summary>What it counts in a candidate's score that similar users had to do with it: of the root of its share in the strongest candidate's.</summary>
    [Range(0.0, 1000.0)]
    public double Weight { get; init; } = 1;
}
