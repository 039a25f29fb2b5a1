using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Segments;

namespace EmbeddingGrpc.EventLog.Maintenance;

/// <summary>Rewrites one finished segment without what is erased. Offsets stay as they are: gaps take the place of what is gone.</summary>
/// <param name="files">The log's.</param>
/// <param name="erased">What must go.</param>
/// <param name="before">Only entries before this offset are erased.</param>
internal sealed class SegmentEraser(SegmentFiles files, ErasedEntries erased, long before)
{
    private readonly GroupDecoder _decoder = new();
    private readonly GroupEncoder _encoder = new();

    /// <summary>Entries erased so far.</summary>
    public long ErasedEntries { get; private set; }

    /// <summary>Whether a segment holds anything to erase.</summary>
    public bool HasWork(Segment segment, CancellationToken cancellationToken)
    {
        using var reader = new SegmentReader(segment, _decoder, segment.BaseOffset);
        while (reader.MoveToGroup(before))
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (reader.TryRead(out var entry))
            {
                if (MustGo(entry)) return true;
            }
        }
        return false;
    }

    /// <summary>Writes the successor of a segment and puts it into the place of its file.</summary>
    public Segment Rewrite(Segment segment, CancellationToken cancellationToken)
    {
        using var rewrite = new SegmentRewrite(files, segment.Path, segment.Header, SegmentHeader.ReadBytes(segment.File, segment.Header));
        using var reader = new SegmentReader(segment, _decoder, from: -1);
        while (reader.MoveToGroup(long.MaxValue))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (reader.Header.IsMark) continue;
            CopyGroup(reader);
            var frame = _encoder.Finish([.. reader.Producers]);
            rewrite.Add(frame, reader.Header.BaseOffset, _encoder.EntryCount, reader.Header.CommitTimeMs);
        }
        return rewrite.Commit();
    }

    private void CopyGroup(SegmentReader reader)
    {
        _encoder.Clear();
        var erasedRun = 0;
        while (reader.TryReadOrGap(out var entry, out var gap))
        {
            if (gap.Count == 0 && MustGo(entry))
            {
                erasedRun++;
                ErasedEntries++;
                continue;
            }
            EndRun(ref erasedRun);
            if (gap.Count > 0) _encoder.Add(gap);
            else if (entry.Record is { } record) _encoder.Add(record);
            else _encoder.Add(entry.Interaction);
        }
        EndRun(ref erasedRun);
    }

    private void EndRun(ref int erasedRun)
    {
        if (erasedRun > 0) _encoder.Add(new EntryGap(EntryTag.Erased, erasedRun));
        erasedRun = 0;
    }

    private bool MustGo(in LogEntry entry) => entry.Offset.Value < before && erased.Contains(entry);
}
