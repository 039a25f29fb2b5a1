using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Benchmarks.Pipeline;

/// <summary>The machine's disk, but that an fsync takes some time longer. Thread-safe.</summary>
internal sealed class DelayedDisk : IFileSystem
{
    private static readonly DiskFileSystem Disk = DiskFileSystem.Instance;

    /// <summary>How much longer.</summary>
    public TimeSpan Delay { get; set; }

    public bool DirectoryExists(string path) => Disk.DirectoryExists(path);

    public void CreateDirectory(string path) => Disk.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => Disk.ListFiles(directory);

    public IFile Open(string path, FileOpenMode mode) => new DelayedFile(this, Disk.Open(path, mode));

    public void Rename(string source, string destination) => Disk.Rename(source, destination);

    public void Delete(string path) => Disk.Delete(path);

    public void SyncDirectory(string path) => Disk.SyncDirectory(path);

    public IDisposable Lock(string path) => Disk.Lock(path);

    private sealed class DelayedFile(DelayedDisk disk, IFile file) : IFile
    {
        public long Length => file.Length;

        public int Read(long position, Span<byte> buffer) => file.Read(position, buffer);

        public void Write(long position, ReadOnlySpan<byte> bytes) => file.Write(position, bytes);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync()
        {
            Thread.Sleep(disk.Delay);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
