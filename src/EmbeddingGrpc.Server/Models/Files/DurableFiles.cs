using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>
/// Files that are whole or absent after a crash: written under a temporary name, synced, renamed, and the directory synced. Stateless
/// but for the observer.
/// </summary>
/// <param name="beforeStep">Told every step before it is done; what it throws ends the work there, as a crash would.</param>
internal sealed class DurableFiles(Action<DurableStep>? beforeStep = null)
{
    /// <summary>Prefix of names that a crash may leave behind and a start removes.</summary>
    public const string TemporaryPrefix = ".tmp-";

    /// <summary>Creates a directory and those above it, each durable in its parent.</summary>
    public void CreateDirectory(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(path);
        if (parent is not null) CreateDirectory(parent);
        beforeStep?.Invoke(new(DurableAction.CreateDirectory, path));
        Directory.CreateDirectory(path);
        if (parent is not null) SyncDirectory(parent);
    }

    /// <summary>Writes a new file and brings its bytes to stable storage; its name is not durable yet.</summary>
    public void Write(string path, Action<Stream> write)
    {
        beforeStep?.Invoke(new(DurableAction.WriteFile, path));
        using (var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 20)) write(stream);
        beforeStep?.Invoke(new(DurableAction.SyncFile, path));
        using var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Write);
        file.Sync();
    }

    /// <summary>Replaces a small file in one durable step: readers and crashes see the old one or the new one, whole.</summary>
    public void Replace(string path, Action<Stream> write)
    {
        var directory = Path.GetDirectoryName(path)!;
        var temporary = Path.Combine(directory, TemporaryPrefix + Path.GetFileName(path));
        File.Delete(temporary);
        Write(temporary, write);
        beforeStep?.Invoke(new(DurableAction.Rename, path));
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(directory);
    }

    /// <summary>Gives a directory its final name, in the same parent, durably.</summary>
    public void RenameDirectory(string source, string destination)
    {
        beforeStep?.Invoke(new(DurableAction.Rename, destination));
        Directory.Move(source, destination);
        SyncDirectory(Path.GetDirectoryName(destination)!);
    }

    /// <summary>Brings the names in a directory to stable storage.</summary>
    public void SyncDirectory(string path)
    {
        beforeStep?.Invoke(new(DurableAction.SyncDirectory, path));
        DiskFileSystem.Instance.SyncDirectory(path);
    }

    /// <summary>Removes a directory in a way that never leaves half of it under its name. Mapped files stay readable to those who hold them.</summary>
    public void DeleteDirectory(string path)
    {
        var name = Path.GetFileName(path);
        if (!name.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
        {
            var temporary = Path.Combine(Path.GetDirectoryName(path)!, TemporaryPrefix + name);
            RenameDirectory(path, temporary);
            path = temporary;
        }

        beforeStep?.Invoke(new(DurableAction.DeleteDirectory, path));
        Directory.Delete(path, recursive: true);
    }
}
