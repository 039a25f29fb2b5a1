using EmbeddingGrpc.EventLog.Inspection;

namespace EmbeddingGrpc.Cli.Logs;

/// <summary>A segment's state as <c>--json</c> shows it.</summary>
internal sealed record SegmentDocument(
    string Path,
    long BaseOffset,
    long EndOffset,
    long Bytes,
    long Groups,
    long Interactions,
    long Records,
    long Erased,
    long Lost,
    DateTimeOffset Created,
    DateTimeOffset LastCommit,
    IReadOnlyList<LogDamage> Damage)
{
    public static SegmentDocument Of(SegmentReport segment) => new(
        segment.Path,
        segment.BaseOffset.Value,
        segment.EndOffset.Value,
        segment.Bytes,
        segment.Groups,
        segment.Interactions,
        segment.Records,
        segment.Erased,
        segment.Lost,
        segment.Created,
        segment.LastCommit,
        segment.Damage);
}
