using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.EventLog.Files;

/// <summary>A file of the machine's own file system.</summary>
internal sealed class DiskFile : IFile
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    public DiskFile(string path, FileOpenMode mode)
    {
        _path = path;
        _handle = File.OpenHandle(
            path,
            mode == FileOpenMode.Create ? FileMode.CreateNew : FileMode.Open,
            mode == FileOpenMode.Read ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
    }

    public long Length => RandomAccess.GetLength(_handle);

    public SafeFileHandle Handle => _handle;

    public int Read(long position, Span<byte> buffer)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[total..], position + total);
            if (read == 0) break;
            total += read;
        }
        return total;
    }

    public void Write(long position, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_handle, bytes, position);

    public void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    public void Sync() => StableStorage.SyncFile(_handle, _path);

    public void Dispose() => _handle.Dispose();
}
