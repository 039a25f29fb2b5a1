using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>How answers are kept in memory. Configuration section <c>EmbeddingGrpc:Recall:Cache</c>.</summary>
public sealed record RecallCacheOptions
{
    /// <summary>Name of the configuration section below <c>EmbeddingGrpc</c>.</summary>
    public const string Section = "Recall:Cache";

    /// <summary>Memory that the answers may take, their keys and bookkeeping included; 0 turns this level off.</summary>
    [Range(0L, 1L << 40)]
    public long MemoryBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>
    /// How long an answer is kept in memory. One to an item or a vector, which nothing changes while its generation serves, is kept that long after it was
    /// asked for last, and twenty times as long at most.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan MemoryTimeToLive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it is remembered that a generation does not know a query's items, unless it learns of new ones before; 0 forgets at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan NegativeTimeToLive { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The queries of each model that are asked most are asked again, by the daemon itself, when a new generation serves: so many. 0 turns it off.</summary>
    [Range(0, 100_000)]
    public int WarmQueries { get; init; } = 1000;

    /// <summary>Each time to live is drawn from this share around the configured one, so that answers made together do not expire together.</summary>
    [Range(0.0, 0.9)]
    public double TimeToLiveJitter { get; init; } = 0.2;

    /// <summary>Answers that the live item graph took part in are kept for at least this long, however many interactions come meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan GraphRevisionPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Queries whose key is longer are not cached.</summary>
    [Range(64, 1024 * 1024)]
    public int MaximumKeyBytes { get; init; } = 8 * 1024;
}
