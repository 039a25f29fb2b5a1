using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>Reads entries across segments, beside the writer and beside retention.</summary>
internal static class LogScan
{
    /// <param name="segments">The log's.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset after the last; everything before it is durable.</param>
    /// <param name="interactionsOnly">Passes over other kinds of entries.</param>
    /// <param name="cancellationToken">Asked between groups.</param>
    public static IEnumerable<LogEntry> Read(SegmentSet segments, long from, long to, bool interactionsOnly, CancellationToken cancellationToken)
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
                using var reader = new SegmentReader(segment, decoder, from);
                while (reader.MoveToGroup(end))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    while (reader.TryRead(out var entry) && entry.Offset.Value < end)
                    {
                        if (entry.Offset.Value >= from && !(interactionsOnly && entry.Record is not null)) yield return entry;
                    }
                }
                from = end;
            }
            finally
            {
                segment.Release();
            }
        }
    }

    /// <summary>The same, a group at a time.</summary>
    /// <param name="segments">The log's.</param>
    /// <param name="batch">Filled anew at each step.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset after the last; everything before it is durable.</param>
    /// <param name="cancellationToken">Asked between groups.</param>
    public static IEnumerable<EntryBatch> ReadBatches(SegmentSet segments, EntryBatch batch, long from, long to, CancellationToken cancellationToken)
    {
        while (from < to)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var segment = segments.Acquire(from);
            try
            {
                var end = Math.Min(to, segment.EndOffset);
                using var reader = new SegmentReader(segment, batch.Decoder, from);
                while (reader.MoveToGroup(end))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    reader.Fill(batch, end);
                    yield return batch;
                }
                from = end;
            }
            finally
            {
                segment.Release();
            }
        }
    }
}
