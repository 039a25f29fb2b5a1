namespace EmbeddingGrpc.Server.Cache;

/// <summary>Spreads times, so that what was made together does not end together.</summary>
internal static class Jitter
{
    /// <summary>A time drawn evenly from <paramref name="center"/> ± <paramref name="share"/> of it.</summary>
    public static TimeSpan Around(TimeSpan center, double share) => center * (1 + (share * ((2 * Random.Shared.NextDouble()) - 1)));
}
