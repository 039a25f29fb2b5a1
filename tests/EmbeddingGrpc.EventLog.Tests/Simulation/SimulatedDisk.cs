using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.EventLog.Tests.Simulation;

/// <summary>
/// A disk in memory that keeps a promise only if it was asked to: at a loss of power any unsynced write, sector by sector, and any unsynced change of a
/// directory may or may not have happened, in any combination. It can also be full, or fail. One lock; deterministic by its seed.
/// </summary>
internal sealed class SimulatedDisk(int seed) : IFileSystem
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, SimulatedDirectory> _directories = new(StringComparer.Ordinal) { ["/"] = new() };
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    /// <summary>What the next operations will meet.</summary>
    public DiskFaults Faults { get; } = new();

    /// <summary>Rises when the process that uses the disk ends.</summary>
    public int Life { get; private set; }

    /// <summary>Calls of <see cref="IFile.Sync"/> and <see cref="SyncDirectory"/>.</summary>
    public int Syncs { get; private set; }

    /// <summary>Ends the process that uses the disk: its handles and locks are gone, what it wrote is still there.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            Life++;
            _locks.Clear();
            Faults.Clear();
        }
    }

    /// <summary>Ends the machine: of everything that was not synced an arbitrary part is gone.</summary>
    public void LosePower()
    {
        lock (_lock)
        {
            Kill();
            foreach (var directory in _directories.Values) directory.LosePower(_random);
            foreach (var content in _directories.Values.SelectMany(directory => directory.Contents).Distinct()) content.LosePower(_random);
        }
    }

    public bool DirectoryExists(string path)
    {
        lock (_lock) return _directories.ContainsKey(path);
    }

    public void CreateDirectory(string path)
    {
        lock (_lock)
        {
            Faults.BeforeChange();
            _directories.TryAdd(path, new SimulatedDirectory());
        }
    }

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_lock) return [.. _directories[directory].Names.Select(name => Path.Combine(directory, name)).Order(StringComparer.Ordinal)];
    }

    public IFile Open(string path, FileOpenMode mode)
    {
        lock (_lock)
        {
            var (directory, name) = Locate(path);
            if (mode != FileOpenMode.Create) return new Handle(this, directory.Find(name) ?? throw new FileNotFoundException(path), Life);
            Faults.BeforeChange();
            return new Handle(this, directory.Create(name), Life);
        }
    }

    public void Rename(string source, string destination)
    {
        lock (_lock)
        {
            Faults.BeforeChange();
            var (directory, name) = Locate(source);
            directory.Rename(name, Path.GetFileName(destination));
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            Faults.BeforeChange();
            var (directory, name) = Locate(path);
            directory.Delete(name);
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_lock)
        {
            Faults.BeforeSync();
            Syncs++;
            _directories[path].Sync();
        }
    }

    public IDisposable Lock(string path)
    {
        lock (_lock)
        {
            return _locks.Add(path) ? new Held(this, path, Life) : throw new IOException($"{path} is being used by another process.");
        }
    }

    /// <summary>The bytes of a file as the process would read them; to damage them, too.</summary>
    public SimulatedContent Content(string path)
    {
        lock (_lock)
        {
            var (directory, name) = Locate(path);
            return directory.Find(name) ?? throw new FileNotFoundException(path);
        }
    }

    private (SimulatedDirectory Directory, string Name) Locate(string path) => (_directories[Path.GetDirectoryName(path)!], Path.GetFileName(path));

    private sealed class Held(SimulatedDisk disk, string path, int life) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._lock)
            {
                if (life == disk.Life) disk._locks.Remove(path);
            }
        }
    }

    private sealed class Handle(SimulatedDisk disk, SimulatedContent content, int life) : IFile
    {
        private bool _closed;

        public long Length
        {
            get
            {
                lock (disk._lock) return Open().Length;
            }
        }

        public int Read(long position, Span<byte> buffer)
        {
            lock (disk._lock) return Open().Read(position, buffer);
        }

        public void Write(long position, ReadOnlySpan<byte> bytes)
        {
            lock (disk._lock)
            {
                var file = Open();
                var allowed = disk.Faults.BeforeWrite(bytes.Length, Math.Max(0, position + bytes.Length - file.Length), out var failure);
                file.Write(position, bytes[..allowed]);
                if (failure is not null) throw failure;
            }
        }

        public void SetLength(long length)
        {
            lock (disk._lock)
            {
                disk.Faults.BeforeChange();
                var file = Open();
                disk.Faults.Free(file.Length - length);
                file.SetLength(length);
            }
        }

        public void Sync()
        {
            lock (disk._lock)
            {
                var file = Open();
                try
                {
                    disk.Faults.BeforeSync();
                }
                catch (IOException)
                {
                    // What Linux does: the pages are dropped from the list of dirty ones, so that the next fsync succeeds without them.
                    file.ForgetUnsynced(disk._random);
                    throw;
                }
                disk.Syncs++;
                file.Sync();
            }
        }

        public void Dispose() => _closed = true;

        private SimulatedContent Open()
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return life == disk.Life ? content : throw new IOException("The process that held this file is gone.");
        }
    }
}
