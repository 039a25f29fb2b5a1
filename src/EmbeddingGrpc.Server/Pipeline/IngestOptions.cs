using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>How events are taken: configuration section <c>EmbeddingGrpc:Ingest</c>.</summary>
public sealed record IngestOptions
{
    /// <summary>Name of the section inside <c>EmbeddingGrpc</c>.</summary>
    public const string Section = "Ingest";

    /// <summary>Most interactions that one request may carry.</summary>
    public const int MaximumRequestInteractions = 10_000;

    /// <summary>How far an event time may lie in the future, for clocks that run fast.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan FutureTolerance { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long AppendEvents waits for a place before the log; after it nothing was appended, and the caller is told to try again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan AppendWaitBudget { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Interactions of one stream that may wait for the disk; then the stream is not read until some are acknowledged.</summary>
    [Range(MaximumRequestInteractions, 100_000_000)]
    public int StreamReadAhead { get; init; } = 65_536;

    /// <summary>How long an event that is on disk may take, at the pace that the daemon keeps, until recalls see it; beyond that no more events are admitted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan AppliedLag { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long a stream may go on after it was told that the daemon is draining.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Model time after which an interaction counts half in the popularity of an item.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan PopularityHalfLife { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A checkpoint of histories and counters is written at the latest after this long, if anything came meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A checkpoint is written sooner after so many interactions: about as many are replayed at a start, a million in a few seconds.</summary>
    [Range(10_000, 1_000_000_000_000_000L)]
    public long CheckpointEntries { get; init; } = 2_000_000;
}
