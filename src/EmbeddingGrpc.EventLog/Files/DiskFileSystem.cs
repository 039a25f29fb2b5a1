namespace EmbeddingGrpc.EventLog.Files;

/// <summary>The machine's own file system. Stateless.</summary>
public sealed class DiskFileSystem : IFileSystem
{
    /// <summary>The only one needed.</summary>
    public static DiskFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => Directory.GetFiles(directory);

    /// <inheritdoc/>
    public IFile Open(string path, FileOpenMode mode) => new DiskFile(path, mode);

    /// <inheritdoc/>
    public void Rename(string source, string destination) => File.Move(source, destination, overwrite: true);

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void SyncDirectory(string path) => StableStorage.SyncDirectory(path);

    /// <inheritdoc/>
    public IDisposable Lock(string path)
    {
        // FileShare.None is flock(2) on Unix: it ends with the process, so that a killed daemon leaves nothing to clean up.
        return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
    }
}
