using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Segments;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog.Recovery;

/// <summary>
/// Opens the segments of a directory: checks how they join, reads the last one whole, and decides whether what cannot be read at its end is
/// the torn tail of a crash (cut off) or corruption (refused).
/// </summary>
/// <remarks>
/// Only the last segment is read: a segment is begun after the one before it was synced and closed with a mark, so the start takes the time
/// of one segment, however long the log is. Damage inside an older one is found by whoever reads it.
/// </remarks>
internal sealed class LogRecovery(SegmentFiles files, ILogger logger)
{
    public (SegmentSet Segments, ProducerTable Producers) Run(long nowMs)
    {
        var producers = new ProducerTable();
        files.DeleteTemporary();
        var paths = files.List();
        if (paths.Length == 0) return (new SegmentSet([files.Create(0, nowMs, producers)]), producers);

        var opened = new List<Segment>(paths.Length);
        try
        {
            foreach (var path in paths) opened.Add(OpenSegment(path, path == paths[^1] ? producers : null));
            for (var i = 0; i < opened.Count - 1; i++) Join(opened[i], opened[i + 1]);
            RecoverTail(opened[^1], producers);
            files.FileSystem.SyncDirectory(files.Directory);
            return (new SegmentSet([.. opened]), producers);
        }
        catch
        {
            foreach (var segment in opened) segment.Release();
            throw;
        }
    }

    private Segment OpenSegment(string path, ProducerTable? producers)
    {
        var file = files.FileSystem.Open(path, FileOpenMode.Write);
        try
        {
            var header = SegmentHeader.Read(file, path, producers);
            return Segment.PathOf(files.Directory, header.BaseOffset) == path
                ? new Segment(path, file, header)
                : throw new LogCorruptException(path, 16, $"its header says that it begins at offset {header.BaseOffset}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A finished segment ends with a mark that says where the next one begins.</summary>
    private static void Join(Segment segment, Segment next)
    {
        var length = segment.File.Length;
        var position = length - GroupHeader.Size;
        using var cursor = new GroupCursor(segment.File, segment.Header.Salt);
        if (position < segment.Header.Length || !cursor.TryReadHeader(position, length, out var mark) || !mark.IsMark)
            throw new LogCorruptException(segment.Path, Math.Max(position, 0), "it does not end with the mark that finishes a segment");
        if (mark.BaseOffset != next.BaseOffset)
        {
            throw new LogCorruptException(
                segment.Path, position, $"it ends at offset {mark.BaseOffset}, but the next segment, {next.Path}, begins at {next.BaseOffset}");
        }
        segment.SetEnd(length, mark.BaseOffset, mark.CommitTimeMs, isMarked: true);
    }

    private void RecoverTail(Segment segment, ProducerTable producers)
    {
        var length = segment.File.Length;
        var position = (long)segment.Header.Length;
        var offset = segment.BaseOffset;
        var syncedEnd = position;
        var isMarked = true;
        var lastCommitMs = segment.Header.CreatedMs;
        using var cursor = new GroupCursor(segment.File, segment.Header.Salt);
        while (cursor.TryReadHeader(position, length, out var header) && cursor.TryReadPayload(header, length, out var payload, out var start))
        {
            if (header.BaseOffset != offset)
                throw new LogCorruptException(segment.Path, position, $"a group begins at offset {header.BaseOffset} where {offset} was expected");
            Apply(segment, producers, header, payload, start);
            segment.Index.Add(offset, position);
            syncedEnd = Math.Max(syncedEnd, header.SyncedEnd);
            position = header.EndPosition;
            offset = header.EndOffset;
            isMarked = header.IsMark;
            lastCommitMs = header.CommitTimeMs;
        }
        if (position < length) CutTornTail(segment, position, length, offset);
        MakeDurable(segment.File, syncedEnd, position);
        segment.SetEnd(position, offset, lastCommitMs, isMarked);
        RecoveryLog.Opened(logger, files.Directory, offset);
    }

    private static void Apply(Segment segment, ProducerTable producers, GroupHeader header, byte[] payload, int start)
    {
        try
        {
            foreach (var update in GroupDecoder.ReadProducers(header, payload, start))
                producers.Set(update.Name, new ProducerState(update.Epoch, update.DoneThrough, header.CommitTimeMs));
        }
        catch (InvalidDataException e)
        {
            throw new LogCorruptException(segment.Path, header.Position, $"the producers of a group cannot be read: {e.Message}");
        }
    }

    private void CutTornTail(Segment segment, long position, long length, long offset)
    {
        var lost = 0L;
        foreach (var later in GroupSearch.WholeGroupsFrom(segment.File, segment.Header.Salt, position + 1, length))
        {
            if (later.SyncedEnd > position)
            {
                throw new LogCorruptException(
                    segment.Path, position, $"the group there is damaged, and the group at byte {later.Position} proves that it was on disk; the log is whole up to offset {offset}");
            }
            // Written without a sync before it (Durability.Os), and lost with what is missing before it.
            lost += later.EntryCount;
        }
        segment.File.SetLength(position);
        RecoveryLog.TornTail(logger, segment.Path, position, length - position, lost, offset);
    }

    /// <summary>
    /// After a failed fsync the kernel may hold pages that it takes for clean although the disk has never seen them. What no later group proves
    /// to be synced is therefore written once more, the same bytes at the same place, and synced before anyone relies on it.
    /// </summary>
    private static void MakeDurable(IFile file, long from, long to)
    {
        var buffer = new byte[256 * 1024];
        while (from < to)
        {
            var read = file.Read(from, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - from)));
            file.Write(from, buffer.AsSpan(0, read));
            from += read;
        }
        file.Sync();
    }
}
