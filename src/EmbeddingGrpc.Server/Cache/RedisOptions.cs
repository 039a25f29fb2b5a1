using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>The Redis that answers are shared through. Configuration section <c>EmbeddingGrpc:Redis</c>, or <c>Redis</c> at the root.</summary>
public sealed record RedisOptions
{
    /// <summary>Name of the configuration section, below <c>EmbeddingGrpc</c> or at the root.</summary>
    public const string Section = "Redis";

    /// <summary>
    /// A StackExchange.Redis configuration such as <c>redis:6379,password=...,ssl=true</c> or <c>!/run/redis.sock</c>. Empty: no Redis.
    /// </summary>
    public string Configuration { get; init; } = "";

    /// <summary>Begins every key. Daemons that share a Redis and not their models need different ones.</summary>
    [Required]
    [MaxLength(128)]
    public string InstancePrefix { get; init; } = "embeddinggrpc";

    /// <summary>How long an answer is kept. Nothing else removes one: an answer of a replaced generation is never asked for again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A lookup that takes longer is a miss.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan LookupBudget { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Pass Redis over while a lookup takes longer than a search of its kind, by what both took lately: then an answer from there would be later than
    /// one that is searched for. Measured again every <see cref="MeasureInterval"/>.
    /// </summary>
    public bool SkipWhenSlower { get; init; } = true;

    /// <summary>While Redis is passed over: how often a lookup is measured beside the calls.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MeasureInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>PEM file of the authorities that Redis' certificate may be from, beside the system's, for <c>ssl=true</c> with one of your own. Empty: the system's.</summary>
    public string CaCertificatePath { get; init; } = "";

    /// <summary>Failures in a row after which Redis is left alone for a while.</summary>
    [Range(1, 1000)]
    public int FailuresToOpen { get; init; } = 5;

    /// <summary>For how long it is left alone before one probe; doubles with each failed probe up to <see cref="LongestPause"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest time between two probes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Writes that may be under way; further ones are dropped.</summary>
    [Range(1, 1_000_000)]
    public int MaximumPendingWrites { get; init; } = 1024;
}
