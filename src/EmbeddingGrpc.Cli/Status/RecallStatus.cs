namespace EmbeddingGrpc.Cli.Status;

/// <summary>Recall and its cache, since the daemon's start.</summary>
/// <param name="Calls">Answers given.</param>
/// <param name="FromSearch">Of which searched for.</param>
/// <param name="FromMemory">Of which from the cache in memory.</param>
/// <param name="FromRedis">Of which from Redis.</param>
/// <param name="P50Seconds">Half were answered within this; the upper end of a histogram's bucket. Null without calls.</param>
/// <param name="P99Seconds">99 of 100 were.</param>
internal sealed record RecallStatus(double Calls, double FromSearch, double FromMemory, double FromRedis, double? P50Seconds, double? P99Seconds);
