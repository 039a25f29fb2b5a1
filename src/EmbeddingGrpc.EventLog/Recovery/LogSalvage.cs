using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Inspection;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Segments;

namespace EmbeddingGrpc.EventLog.Recovery;

/// <summary>
/// Goes through the segments in order, with the producer table as it was at each place, and writes anew those that are damaged: whole groups as they are, gaps
/// for the offsets that are gone.
/// </summary>
internal sealed class LogSalvage(SegmentFiles files, long nowMs)
{
    private const string DamagedSuffix = ".damaged";

    private readonly ProducerTable _producers = new();
    private readonly List<string> _rewritten = [];
    private readonly List<string> _kept = [];
    private readonly GroupEncoder _encoder = new();
    private long _lost;

    public SalvageResult Run(CancellationToken cancellationToken)
    {
        files.DeleteTemporary();
        var paths = files.List();
        for (var i = 0; i < paths.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SalvageSegment(paths[i], i + 1 < paths.Length ? Segment.OffsetOf(paths[i + 1]) : null, cancellationToken);
        }
        return new SalvageResult(_rewritten, _kept, _lost);
    }

    private void SalvageSegment(string path, long? nextBase, CancellationToken cancellationToken)
    {
        var before = _producers.Copy();
        var report = SegmentInspection.Run(files.FileSystem, path, _producers, cancellationToken);
        if (nextBase is { } next && report.EndOffset.Value > next)
            throw new LogCorruptException(path, report.Bytes, $"it ends at offset {report.EndOffset}, but the next segment begins at {next}; move one of them away");
        // A torn tail of the last segment is the next start's to cut off.
        var isDamaged = nextBase is null ? report.Damage.Any(damage => !damage.IsTornTail) : report.Damage.Count > 0 || !report.EndsWithMark;
        if (isDamaged)
        {
            using var file = files.FileSystem.Open(path, FileOpenMode.Read);
            KeepDamaged(file, path);
            Rewrite(file, path, before, nextBase);
        }
        else if (nextBase is { } end && report.EndOffset.Value < end)
        {
            FillMissing(report.EndOffset.Value, end);
        }
    }

    private void Rewrite(IFile file, string path, ProducerTable before, long? nextBase)
    {
        var (oldHeader, header, headerBytes) = HeaderOf(file, path, before);
        using var rewrite = new SegmentRewrite(files, path, header, headerBytes);
        using var walk = new SegmentWalk(file, oldHeader);
        while (walk.MoveNext())
        {
            if (walk.Damage is not null || walk.Group.IsMark) continue;
            AddGap(rewrite, walk.Group.BaseOffset);
            var frame = new byte[GroupHeader.Size + walk.Group.PayloadLength];
            walk.Payload.CopyTo(frame.AsSpan(GroupHeader.Size));
            rewrite.Add(frame, walk.Group.BaseOffset, walk.Group.EntryCount, walk.Group.CommitTimeMs);
        }
        if (nextBase is { } end) AddGap(rewrite, end);
        using (rewrite.Commit().File) _rewritten.Add(path);
    }

    /// <summary>The header to read old groups with, and the one to write: the same, unless it is damaged itself.</summary>
    private (SegmentHeader Old, SegmentHeader New, byte[] NewBytes) HeaderOf(IFile file, string path, ProducerTable before)
    {
        try
        {
            var header = SegmentHeader.Read(file, path, null);
            return (header, header, SegmentHeader.ReadBytes(file, header));
        }
        catch (LogCorruptException)
        {
            // Its salt may still be legible, and then its groups answer to it.
            var guess = SegmentHeader.Guess(file, Segment.OffsetOf(path));
            var (header, bytes) = SegmentHeader.Create(guess.BaseOffset, nowMs, before);
            return (guess, header, bytes);
        }
    }

    /// <summary>A segment of nothing but a gap, in the place of files that are missing.</summary>
    private void FillMissing(long from, long to)
    {
        var path = Segment.PathOf(files.Directory, from);
        var (header, bytes) = SegmentHeader.Create(from, nowMs, _producers);
        using var rewrite = new SegmentRewrite(files, path, header, bytes);
        AddGap(rewrite, to);
        using (rewrite.Commit().File) _rewritten.Add(path);
    }

    private void AddGap(SegmentRewrite rewrite, long until)
    {
        while (rewrite.EndOffset < until)
        {
            var count = (int)Math.Min(until - rewrite.EndOffset, int.MaxValue);
            _encoder.Clear();
            _encoder.Add(new EntryGap(EntryTag.Lost, count));
            rewrite.Add(_encoder.Finish([]), rewrite.EndOffset, count, nowMs);
            _lost += count;
        }
    }

    private void KeepDamaged(IFile file, string path)
    {
        var copy = path + DamagedSuffix;
        if (files.FileSystem.ListFiles(files.Directory).Contains(copy)) return;
        using var target = files.FileSystem.Open(copy, FileOpenMode.Create);
        var buffer = new byte[256 * 1024];
        for (var at = 0L; at < file.Length;)
        {
            var read = file.Read(at, buffer);
            target.Write(at, buffer.AsSpan(0, read));
            at += read;
        }
        target.Sync();
        files.FileSystem.SyncDirectory(files.Directory);
        _kept.Add(copy);
    }
}
