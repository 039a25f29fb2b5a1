using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>What a demo found, for programs. The names are promised.</summary>
/// <param name="Hit10">Share of users whose held-out next item is among the daemon's ten.</param>
/// <param name="Popularity10">The same for always naming the most popular items.</param>
/// <param name="Random10">The same for drawing blindly.</param>
/// <param name="RedisHits">Answers that a restarted daemon took from Redis.</param>
/// <param name="Seconds">From start to end.</param>
internal sealed record DemoOutcome(
    [property: JsonPropertyName("hit10")] double Hit10,
    [property: JsonPropertyName("popularity10")] double Popularity10,
    [property: JsonPropertyName("random10")] double Random10,
    [property: JsonPropertyName("redis_hits")] int RedisHits,
    [property: JsonPropertyName("seconds")] double Seconds)
{
    // Popularity is a strong opponent where everyone likes the same things: both a ratio and a distance, so that neither a tiny nor a huge rate passes by luck.
    private const double RatioToPopularity = 1.5;
    private const double DistanceToPopularity = 0.02;

    /// <summary>Why the demo failed; null when everything is as it should be.</summary>
    public string? Failure()
    {
        if (Hit10 < RatioToPopularity * Popularity10 || Hit10 <= Popularity10 + DistanceToPopularity)
            return $"hit rate at 10 is {Hit10:0.0000}, popularity's {Popularity10:0.0000}: less than {RatioToPopularity} times as good, or not {DistanceToPopularity} better";
        return RedisHits > 0 ? null : "no answer came from Redis";
    }
}
