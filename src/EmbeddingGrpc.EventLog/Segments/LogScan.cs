using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>Reads entries across segments, beside the writer and beside retention.</summary>
internal static class LogScan
{
    /// <param name="segments">The log's.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset after the last; everything before it is durable.</param>
    /// <param name="cancellationToken">Asked between groups.</param>
    public static IEnumerable<LogEntry> Read(SegmentSet segments, long from, long to, CancellationToken cancellationToken)
    {
        var decoder = new GroupDecoder();
        while (from < to)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var segment = segments.Acquire(from);
            try
            {
                // Read once: for a segment that is still written the end may move while it is read.
                var end = Math.Min(to, segment.EndOffset);
                foreach (var entry in ReadSegment(segment, decoder, from, end, cancellationToken)) yield return entry;
                from = end;
            }
            finally
            {
                segment.Release();
            }
        }
    }

    private static IEnumerable<LogEntry> ReadSegment(Segment segment, GroupDecoder decoder, long from, long to, CancellationToken cancellationToken)
    {
        using var cursor = new GroupCursor(segment.File, segment.Header.Salt);
        var limit = segment.EndPosition;
        var position = segment.Index.Find(from) ?? segment.Header.Length;
        while (position < limit)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!cursor.TryReadHeader(position, limit, out var header)) throw Damaged(segment, position, "a group was expected");
            if (header.BaseOffset >= to) yield break;
            segment.Index.Extend(header.BaseOffset, position);
            position = header.EndPosition;
            if (header.EndOffset <= from) continue;
            if (!cursor.TryReadPayload(header, limit, out var payload, out var start)) throw Damaged(segment, header.Position, "the checksum of a group is wrong");
            Begin(segment, header, decoder, payload, start);
            while (TryRead(segment, header, decoder, out var entry))
            {
                if (entry.Offset.Value >= to) yield break;
                if (entry.Offset.Value >= from) yield return entry;
            }
        }
    }

    private static void Begin(Segment segment, in GroupHeader header, GroupDecoder decoder, byte[] payload, int start)
    {
        try
        {
            decoder.Begin(header, payload, start);
        }
        catch (InvalidDataException e)
        {
            throw Unreadable(segment, header, e);
        }
    }

    private static bool TryRead(Segment segment, in GroupHeader header, GroupDecoder decoder, out LogEntry entry)
    {
        try
        {
            return decoder.TryRead(out entry);
        }
        catch (InvalidDataException e)
        {
            throw Unreadable(segment, header, e);
        }
    }

    private static LogCorruptException Unreadable(Segment segment, in GroupHeader header, InvalidDataException e) =>
        Damaged(segment, header.Position, $"a group cannot be read: {e.Message}");

    private static LogCorruptException Damaged(Segment segment, long position, string reason) => new(segment.Path, position, reason);
}
