using EmbeddingGrpc.EventLog.Inspection;

namespace EmbeddingGrpc.Cli.Logs;

/// <summary>A log's state as <c>--json</c> shows it.</summary>
internal sealed record LogDocument(
    bool Sound, long FirstOffset, long EndOffset, long Interactions, long Bytes, double BytesPerInteraction, int Producers, IReadOnlyList<SegmentDocument> Segments)
{
    public static LogDocument Of(LogReport report) => new(
        report.IsSound,
        report.FirstOffset.Value,
        report.EndOffset.Value,
        report.Interactions,
        report.Bytes,
        Math.Round(report.BytesPerInteraction, 2),
        report.Producers,
        [.. report.Segments.Select(SegmentDocument.Of)]);
}
