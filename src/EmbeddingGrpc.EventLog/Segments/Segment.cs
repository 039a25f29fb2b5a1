using System.Globalization;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>
/// One file of the log. One writer moves its end; readers take a lease, so that a segment that is dropped while it is read stays open until
/// the last of them has finished.
/// </summary>
internal sealed class Segment(string path, IFile file, SegmentHeader header)
{
    private const string Suffix = ".log";
    private const int OffsetDigits = 20;

    private long _endPosition = header.Length;
    private long _endOffset = header.BaseOffset;
    private long _lastCommitMs = header.CreatedMs;
    private int _leases = 1; // the log's own

    public string Path { get; } = path;

    public IFile File { get; } = file;

    public SegmentHeader Header { get; } = header;

    public long BaseOffset => Header.BaseOffset;

    /// <summary>Where the durable part ends, in bytes.</summary>
    public long EndPosition => Volatile.Read(ref _endPosition);

    /// <summary>The offset after its last durable entry.</summary>
    public long EndOffset => Volatile.Read(ref _endOffset);

    /// <summary>When its last group was written, in milliseconds since the Unix epoch.</summary>
    public long LastCommitMs => Volatile.Read(ref _lastCommitMs);

    /// <summary>Places of its groups; for a segment that was finished before this process began it is filled by the first reader.</summary>
    public SegmentIndex Index { get; } = new();

    public static string PathOf(string directory, long baseOffset) =>
        System.IO.Path.Combine(directory, baseOffset.ToString("D20", CultureInfo.InvariantCulture) + Suffix);

    /// <summary>Nothing was written since the last mark. Only the writer asks.</summary>
    public bool IsMarked { get; private set; } = true;

    /// <summary>Whether a file has the name of a segment.</summary>
    public static bool HasNameOfOne(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        return name.Length == OffsetDigits + Suffix.Length
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, OffsetDigits), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>The offset in a segment's name.</summary>
    public static long OffsetOf(string path) =>
        long.Parse(System.IO.Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Publishes what has become durable.</summary>
    public void SetEnd(long position, long offset, long commitTimeMs, bool isMarked)
    {
        IsMarked = isMarked;
        Volatile.Write(ref _lastCommitMs, commitTimeMs);
        Volatile.Write(ref _endPosition, position);
        Volatile.Write(ref _endOffset, offset);
    }

    /// <summary>False once it has been dropped.</summary>
    public bool TryAcquire()
    {
        for (var leases = Volatile.Read(ref _leases); leases > 0;)
        {
            var seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases) return true;
            leases = seen;
        }
        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) == 0) File.Dispose();
    }
}
