using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.EventLog;

/// <summary>How a log is kept.</summary>
public sealed record EventLogOptions
{
    /// <summary>A new segment is begun when the newest passes this size.</summary>
    [Range(64 * 1024L, 16L * 1024 * 1024 * 1024)]
    public long SegmentSizeBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Batches that may wait for the appender; further callers wait for a place.</summary>
    [Range(1, 1_000_000)]
    public int AppendQueueLength { get; init; } = 1024;
}
