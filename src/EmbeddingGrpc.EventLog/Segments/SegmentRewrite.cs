using System.IO.Hashing;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>
/// Writes the successor of a segment beside it and then takes its place in one durable step: a crash leaves the old one or the new one, whole. One owner.
/// </summary>
internal sealed class SegmentRewrite : IDisposable
{
    private readonly SegmentFiles _files;
    private readonly Segment _segment;
    private readonly string _temporary;
    private IFile? _file;
    private long _position;

    /// <param name="files">The log's.</param>
    /// <param name="path">The segment whose place it takes.</param>
    /// <param name="header">The successor's header.</param>
    /// <param name="headerBytes">Its bytes.</param>
    public SegmentRewrite(SegmentFiles files, string path, SegmentHeader header, ReadOnlySpan<byte> headerBytes)
    {
        _files = files;
        _temporary = SegmentFiles.RewritePathOf(path);
        if (files.FileSystem.ListFiles(files.Directory).Contains(_temporary)) files.FileSystem.Delete(_temporary);
        _file = files.FileSystem.Open(_temporary, FileOpenMode.Create);
        _segment = new Segment(path, _file, header);
        _file.Write(0, headerBytes);
        _position = header.Length;
    }

    /// <summary>The offset that the next group must begin at.</summary>
    public long EndOffset => _segment.EndOffset;

    /// <summary>Adds a group.</summary>
    /// <param name="frame">The payload behind <see cref="GroupHeader.Size"/> bytes of room for its header.</param>
    /// <param name="baseOffset">The offset of its first entry.</param>
    /// <param name="entryCount">Offsets it spans.</param>
    /// <param name="commitTimeMs">When it was first written.</param>
    public void Add(Span<byte> frame, long baseOffset, int entryCount, long commitTimeMs)
    {
        var payload = frame[GroupHeader.Size..];
        var salt = _segment.Header.Salt;
        // The whole file is synced before it gets its name, so each group may say that everything before it is.
        var header = new GroupHeader(_position, _position, baseOffset, entryCount, payload.Length, commitTimeMs, XxHash3.HashToUInt64(payload, salt));
        header.Write(frame, salt);
        _file!.Write(_position, frame);
        _segment.Index.Extend(baseOffset, _position);
        _position = header.EndPosition;
        _segment.SetEnd(_position, header.EndOffset, commitTimeMs, header.IsMark);
    }

    /// <summary>Ends it with a mark and puts it into its place.</summary>
    public Segment Commit()
    {
        Add(new byte[GroupHeader.Size], _segment.EndOffset, 0, _segment.LastCommitMs);
        _file!.Sync();
        _files.FileSystem.Rename(_temporary, _segment.Path);
        _files.FileSystem.SyncDirectory(_files.Directory);
        _file = null;
        return _segment;
    }

    /// <summary>Gives up what was not committed.</summary>
    public void Dispose()
    {
        if (_file is null) return;
        _file.Dispose();
        try
        {
            _files.FileSystem.Delete(_temporary);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // The disk is failing and the caller is being told why; the next rewrite or start removes the file.
        }
    }
}
