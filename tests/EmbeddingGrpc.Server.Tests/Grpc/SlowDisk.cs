using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>The machine's disk, but that an fsync of the log takes as long as a test wants: while the disk is held, each waits until it is let through. Thread-safe.</summary>
internal sealed class SlowDisk : IFileSystem
{
    private static readonly DiskFileSystem Disk = DiskFileSystem.Instance;

    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private TaskCompletionSource _arrived = NewSource();
    private bool _held;

    /// <summary>From now on an fsync waits, until the disk is released or what is returned is disposed.</summary>
    public IDisposable Hold()
    {
        lock (_gate) _held = true;
        return new Held(this);
    }

    /// <summary>Completes when an fsync waits.</summary>
    public Task WhenOneWaitsAsync()
    {
        lock (_gate) return _waiting.Count > 0 ? Task.CompletedTask : _arrived.Task;
    }

    /// <summary>Lets the fsync that waits longest get done; the next one waits again.</summary>
    public void LetOneThrough()
    {
        lock (_gate) _waiting.Dequeue().SetResult();
    }

    /// <summary>From now on no fsync waits.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _held = false;
            while (_waiting.TryDequeue(out var turn)) turn.SetResult();
        }
    }

    public bool DirectoryExists(string path) => Disk.DirectoryExists(path);

    public void CreateDirectory(string path) => Disk.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => Disk.ListFiles(directory);

    public IFile Open(string path, FileOpenMode mode) =>
        Path.GetFileName(Path.GetDirectoryName(path)) == "log" ? new SlowFile(this, Disk.Open(path, mode)) : Disk.Open(path, mode);

    public void Rename(string source, string destination) => Disk.Rename(source, destination);

    public void Delete(string path) => Disk.Delete(path);

    public void SyncDirectory(string path) => Disk.SyncDirectory(path);

    public IDisposable Lock(string path) => Disk.Lock(path);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void TakeTurn()
    {
        TaskCompletionSource turn;
        lock (_gate)
        {
            if (!_held) return;
            turn = NewSource();
            _waiting.Enqueue(turn);
            _arrived.SetResult();
            _arrived = NewSource();
        }

        // Blocks the log's own thread, as a disk does.
        turn.Task.GetAwaiter().GetResult();
    }

    private sealed class Held(SlowDisk disk) : IDisposable
    {
        public void Dispose() => disk.Release();
    }

    private sealed class SlowFile(SlowDisk disk, IFile file) : IFile
    {
        public long Length => file.Length;

        public int Read(long position, Span<byte> buffer) => file.Read(position, buffer);

        public void Write(long position, ReadOnlySpan<byte> bytes) => file.Write(position, bytes);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync()
        {
            disk.TakeTurn();
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
