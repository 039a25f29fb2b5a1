namespace EmbeddingGrpc.Cli.Bench;

/// <summary>What a recall load measured.</summary>
/// <param name="Mode">"closed" (each of the calls in flight waits for its answer) or "open" (calls start on schedule whatever the answers do).</param>
/// <param name="Qps">Answered calls a second.</param>
/// <param name="P50Ms">Latency, median; of an open load counted from the scheduled start, so that waiting is not left out.</param>
/// <param name="P99Ms">99th percentile.</param>
/// <param name="P999Ms">99.9th percentile.</param>
/// <param name="MaxMs">The slowest.</param>
/// <param name="Calls">Answered calls.</param>
/// <param name="Errors">Calls that failed.</param>
/// <param name="FirstError">What the first of them said.</param>
/// <param name="FromSearch">Answers that were searched for.</param>
/// <param name="FromMemory">Answers from the daemon's memory cache.</param>
/// <param name="FromRedis">Answers from Redis.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record RecallReport(
    string Mode, double Qps, double P50Ms, double P99Ms, double P999Ms, double MaxMs, long Calls, long Errors, string? FirstError,
    long FromSearch, long FromMemory, long FromRedis, double Seconds);
