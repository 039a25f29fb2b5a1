using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.EventLog;

/// <summary>How a log is kept.</summary>
public sealed record EventLogOptions
{
    /// <summary>A new segment is begun when the newest passes this size.</summary>
    [Range(64 * 1024L, 16L * 1024 * 1024 * 1024)]
    public long SegmentSizeBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>A new segment is begun when the newest is this old, so that retention by age has whole segments to remove where little is written.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Segments beyond this many bytes in all are removed, the oldest first, as far as nothing needs them; null keeps them.</summary>
    [Range(64 * 1024L, 1_000_000_000_000_000L)]
    public long? RetentionBytes { get; init; }

    /// <summary>Segments whose last entry was written longer ago are removed, as far as nothing needs them; null keeps them.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? RetentionAge { get; init; }

    /// <summary>Batches that may wait for the appender; further callers wait for a place.</summary>
    [Range(1, 1_000_000)]
    public int AppendQueueLength { get; init; } = 1024;

    /// <summary>Memory of the batches that may wait for the appender; further callers wait for a place. A single larger batch passes alone.</summary>
    [Range(64 * 1024L, 4L * 1024 * 1024 * 1024)]
    public long AppendQueueBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>When a batch is acknowledged.</summary>
    [EnumDataType(typeof(Durability))]
    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>
    /// A producer that wrote nothing for this long is forgotten when the next segment is begun: its older numbers are no longer recognised as duplicates, and its
    /// epoch no longer fences.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan ProducerIdleExpiry { get; init; } = TimeSpan.FromDays(7);
}
