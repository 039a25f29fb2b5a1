using System.Diagnostics;
using System.IO.Hashing;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>
/// Writes groups at the end of the newest segment and begins new ones. One thread. What it has written is published only once it is as durable
/// as asked, so that group N+1 is never written before group N is.
/// </summary>
internal sealed class SegmentWriter(SegmentFiles files, SegmentSet segments, ProducerTable producers, EventLogOptions options)
{
    private readonly byte[] _mark = new byte[GroupHeader.Size];
    private long _syncedEnd = segments.Active.EndPosition;
    private bool _remnant;

    /// <summary>Offset of the next entry.</summary>
    public long NextOffset => segments.Active.EndOffset;

    /// <summary>Writes one group; it is durable when this returns.</summary>
    /// <param name="frame">The payload behind <see cref="GroupHeader.Size"/> bytes of room for its header.</param>
    /// <param name="entryCount">Offsets it spans.</param>
    /// <param name="nowMs">The time, in milliseconds since the Unix epoch.</param>
    /// <exception cref="LogUnavailableException">Nothing of it is durable, or nothing may be assumed; says whether a retry may help.</exception>
    public void Append(Span<byte> frame, int entryCount, long nowMs)
    {
        var active = segments.Active;
        if (active.EndOffset > active.BaseOffset
            && (active.EndPosition >= options.SegmentSizeBytes || nowMs - active.Header.CreatedMs >= (long)options.SegmentAge.TotalMilliseconds))
        {
            active = Roll(active, nowMs);
        }
        Write(active, frame, entryCount, nowMs, sync: options.Durability == Durability.Fsync);
    }

    /// <summary>Syncs what is written and ends it with a mark, unless it ends so already.</summary>
    public void Mark()
    {
        var active = segments.Active;
        // What is left of a failed write must not stay behind the mark of a finished segment: writing another mark cuts it off.
        if (active.IsMarked && !_remnant) return;
        // The mark says that everything before it is synced, so that must be true before it is written.
        if (_syncedEnd < active.EndPosition) Sync(active);
        Write(active, _mark, 0, active.LastCommitMs, sync: true);
    }

    /// <summary>Finishes the newest segment, unless it is empty, so that only finished ones hold what was written so far.</summary>
    public void BeginSegment(long nowMs)
    {
        var active = segments.Active;
        if (active.EndOffset > active.BaseOffset) Roll(active, nowMs);
    }

    private Segment Roll(Segment active, long nowMs)
    {
        Mark();
        try
        {
            producers.Expire(nowMs - (long)options.ProducerIdleExpiry.TotalMilliseconds);
            var next = files.Create(active.EndOffset, nowMs, producers);
            segments.Add(next);
            _syncedEnd = next.EndPosition;
            return next;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw Unavailable($"a new segment in '{files.Directory}' could not be begun", e, DiskErrors.IsOutOfSpace(e));
        }
    }

    private void Write(Segment segment, Span<byte> frame, int entryCount, long nowMs, bool sync)
    {
        var payload = frame[GroupHeader.Size..];
        var header = new GroupHeader(
            segment.EndPosition, _syncedEnd, segment.EndOffset, entryCount, payload.Length, nowMs, XxHash3.HashToUInt64(payload, segment.Header.Salt));
        header.Write(frame, segment.Header.Salt);
        try
        {
            if (_remnant) segment.File.SetLength(header.Position);
            _remnant = true;
            segment.File.Write(header.Position, frame);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            CutRemnant(segment);
            throw Unavailable($"'{segment.Path}' could not be written", e, DiskErrors.IsOutOfSpace(e));
        }
        if (sync) Sync(segment, header.EndPosition);
        _remnant = false;
        EventLogMetrics.GroupWritten(frame.Length);
        segment.Index.Add(header.BaseOffset, header.Position);
        segment.SetEnd(header.EndPosition, header.EndOffset, nowMs, header.IsMark);
    }

    private void Sync(Segment segment) => Sync(segment, segment.EndPosition);

    private void Sync(Segment segment, long end)
    {
        try
        {
            var began = Stopwatch.GetTimestamp();
            segment.File.Sync();
            EventLogMetrics.Synced(Stopwatch.GetElapsedTime(began));
            _syncedEnd = end;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw Unavailable(
                $"fsync of '{segment.Path}' failed; what the disk holds is unknown until the log is opened again, so it takes no more writes", e, retryMayHelp: false);
        }
    }

    /// <summary>Frees what a failed write took of a full disk. If even that fails, the next write begins with it.</summary>
    private void CutRemnant(Segment segment)
    {
        try
        {
            segment.File.SetLength(segment.EndPosition);
            _remnant = false;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            _remnant = true;
        }
    }

    private static LogUnavailableException Unavailable(string what, Exception cause, bool retryMayHelp) =>
        new($"The event log is unavailable: {what}: {cause.Message}", retryMayHelp, cause);
}
