namespace EmbeddingGrpc.EventLog.Files;

/// <summary>
/// All that the log asks of a disk. Nothing is durable until it is synced: bytes through <see cref="IFile.Sync"/>, names (created, renamed,
/// deleted) through <see cref="SyncDirectory"/>. A simulated disk that forgets the rest at a crash proves that the log asks for enough.
/// </summary>
/// <remarks>Members throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>; any thread may call them.</remarks>
public interface IFileSystem
{
    /// <summary>Whether a directory exists.</summary>
    bool DirectoryExists(string path);

    /// <summary>Creates one directory whose parent exists.</summary>
    void CreateDirectory(string path);

    /// <summary>Full paths of the files in a directory, in no order.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>Opens a file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="mode">What for.</param>
    IFile Open(string path, FileOpenMode mode);

    /// <summary>Gives a file a new name; a file of that name is replaced in one step.</summary>
    void Rename(string source, string destination);

    /// <summary>Removes a file's name; those who hold it open keep its bytes.</summary>
    void Delete(string path);

    /// <summary>Makes the names in a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Takes a lock that no second holder, in this process or another, can take until it is disposed or its process has died.</summary>
    /// <exception cref="IOException">Somebody holds it.</exception>
    IDisposable Lock(string path);
}
