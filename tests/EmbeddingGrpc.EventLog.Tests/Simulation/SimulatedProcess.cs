using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.EventLog.Tests.Simulation;

/// <summary>A disk as one process sees it: once the process is gone it can do nothing more, whatever its objects still try.</summary>
internal sealed class SimulatedProcess(SimulatedDisk disk) : IFileSystem
{
    private readonly int _life = disk.Life;

    public bool DirectoryExists(string path) => Alive.DirectoryExists(path);

    public void CreateDirectory(string path) => Alive.CreateDirectory(path);

    public IReadOnlyList<string> ListFiles(string directory) => Alive.ListFiles(directory);

    public IFile Open(string path, FileOpenMode mode) => Alive.Open(path, mode);

    public void Rename(string source, string destination) => Alive.Rename(source, destination);

    public void Delete(string path) => Alive.Delete(path);

    public void SyncDirectory(string path) => Alive.SyncDirectory(path);

    public IDisposable Lock(string path) => Alive.Lock(path);

    private SimulatedDisk Alive => _life == disk.Life ? disk : throw new IOException("The process is gone.");
}
