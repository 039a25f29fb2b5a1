using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Segments;

namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>Reads one segment for a <see cref="SegmentReport"/>.</summary>
internal static class SegmentInspection
{
    /// <param name="files">The disk.</param>
    /// <param name="path">The segment.</param>
    /// <param name="producers">Brought up to the end of the segment.</param>
    /// <param name="cancellationToken">Asked between groups.</param>
    public static SegmentReport Run(IFileSystem files, string path, ProducerTable producers, CancellationToken cancellationToken)
    {
        using var file = files.Open(path, FileOpenMode.Read);
        try
        {
            return Read(file, path, SegmentHeader.Read(file, path, producers), producers, cancellationToken);
        }
        catch (LogCorruptException e)
        {
            return Unreadable(path, file.Length, e);
        }
    }

    private static SegmentReport Read(IFile file, string path, SegmentHeader header, ProducerTable producers, CancellationToken cancellationToken)
    {
        var damage = new List<LogDamage>();
        var content = default(GroupContent);
        var groups = 0L;
        var lastCommitMs = header.CreatedMs;
        var endsWithMark = false;
        using var walk = new SegmentWalk(file, header);
        while (walk.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            endsWithMark = walk.Damage is null && walk.Group.IsMark;
            if (walk.Damage is { } found)
            {
                damage.Add(found);
                continue;
            }
            lastCommitMs = walk.Group.CommitTimeMs;
            content += walk.Content;
            if (walk.Group.EntryCount > 0) groups++;
            foreach (var update in walk.Producers) producers.Set(update.Name, new ProducerState(update.Epoch, update.DoneThrough, lastCommitMs));
        }
        return new SegmentReport
        {
            Path = path,
            BaseOffset = new LogOffset(header.BaseOffset),
            EndOffset = new LogOffset(walk.NextOffset),
            Bytes = file.Length,
            Groups = groups,
            Interactions = content.Interactions,
            Records = content.Records,
            Erased = content.Erased,
            Lost = content.Lost,
            Created = DateTimeOffset.FromUnixTimeMilliseconds(header.CreatedMs),
            LastCommit = DateTimeOffset.FromUnixTimeMilliseconds(lastCommitMs),
            EndsWithMark = endsWithMark,
            Damage = damage,
        };
    }

    private static SegmentReport Unreadable(string path, long length, LogCorruptException reason)
    {
        var offset = new LogOffset(Segment.OffsetOf(path));
        return new SegmentReport
        {
            Path = path,
            BaseOffset = offset,
            EndOffset = offset,
            Bytes = length,
            Created = DateTimeOffset.UnixEpoch,
            LastCommit = DateTimeOffset.UnixEpoch,
            Damage = [new LogDamage(0, length, reason.Reason, IsTornTail: false)],
        };
    }
}
