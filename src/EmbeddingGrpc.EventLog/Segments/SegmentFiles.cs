using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Producers;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>Makes and finds the files of segments in one directory.</summary>
internal sealed class SegmentFiles(IFileSystem files, string directory)
{
    private const string TemporarySuffix = ".tmp";
    private const string RewriteSuffix = ".rewrite.tmp";

    public IFileSystem FileSystem => files;

    public string Directory => directory;

    /// <summary>
    /// A new, empty segment whose name and header are on stable storage. It gets its name only when its header is complete, so that a
    /// segment with a damaged header is always damage and never an interrupted beginning.
    /// </summary>
    public Segment Create(long baseOffset, long createdMs, ProducerTable producers)
    {
        var path = Segment.PathOf(directory, baseOffset);
        var temporary = path + TemporarySuffix;
        if (files.ListFiles(directory).Contains(temporary)) files.Delete(temporary);
        var (header, bytes) = SegmentHeader.Create(baseOffset, createdMs, producers);
        var file = files.Open(temporary, FileOpenMode.Create);
        try
        {
            file.Write(0, bytes);
            file.Sync();
            files.Rename(temporary, path);
            files.SyncDirectory(directory);
            return new Segment(path, file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Where the successor of a segment is written, apart from where a new one is.</summary>
    public static string RewritePathOf(string path) => path + RewriteSuffix;

    /// <summary>Paths of the segments in order of offset: their names sort that way.</summary>
    public string[] List() =>
        [.. files.ListFiles(directory).Where(Segment.HasNameOfOne).Order(StringComparer.Ordinal)];

    /// <summary>Removes what an interrupted beginning or rewrite left.</summary>
    public void DeleteTemporary()
    {
        foreach (var path in files.ListFiles(directory).Where(path => path.EndsWith(TemporarySuffix, StringComparison.Ordinal))) files.Delete(path);
    }
}
