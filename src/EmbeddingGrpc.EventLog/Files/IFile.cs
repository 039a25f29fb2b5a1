using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.EventLog.Files;

/// <summary>An open file, read and written by position. Reads may run beside one writer.</summary>
public interface IFile : IDisposable
{
    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>The system's own, for who can use its memory for the file's; null for a file that the system does not know.</summary>
    SafeFileHandle? Handle => null;

    /// <summary>Fills as much of <paramref name="buffer"/> as the file has from <paramref name="position"/>; returns the bytes read, fewer only at its end.</summary>
    int Read(long position, Span<byte> buffer);

    /// <summary>Writes all bytes or throws; a part may have been written then.</summary>
    void Write(long position, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts or extends the file.</summary>
    void SetLength(long length);

    /// <summary>Returns when the file's bytes and length are on stable storage. After a failure nothing may be assumed about unsynced bytes.</summary>
    void Sync();
}
