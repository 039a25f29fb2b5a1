using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Cli.Check;

/// <summary>What a check of a daemon found, for programs.</summary>
/// <param name="Hit10">Share of simulated users whose held-out next item is among the daemon's ten.</param>
/// <param name="Popularity10">The same for always naming the most popular items.</param>
/// <param name="Interactions">How many were streamed and acknowledged.</param>
/// <param name="TrainingSeconds">From the call to the serving generation.</param>
/// <param name="RecallP99Milliseconds">99th percentile of the recalls, several in flight, first calls included.</param>
internal sealed record CheckOutcome(
    [property: JsonPropertyName("hit10")] double Hit10,
    [property: JsonPropertyName("popularity10")] double Popularity10,
    [property: JsonPropertyName("interactions")] int Interactions,
    [property: JsonPropertyName("training_seconds")] double TrainingSeconds,
    [property: JsonPropertyName("recall_p99_ms")] double RecallP99Milliseconds)
{
    /// <summary>The world is lawful: a daemon that learns from it is far above popularity.</summary>
    private const double RatioToPopularity = 1.5;

    /// <summary>Why the daemon failed; null when it does its work.</summary>
    public string? Failure() =>
        Hit10 >= RatioToPopularity * Popularity10
            ? null
            : $"the daemon streams, trains and recalls, but badly: hit rate at 10 is {Hit10:0.000}, less than {RatioToPopularity} times popularity's {Popularity10:0.000}";
}
