using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>Makes the log's directory ready and takes it for this process.</summary>
internal static class LogDirectory
{
    private const string LockName = "lock";

    /// <summary>Creates the directory if need be, durably, and locks it.</summary>
    /// <returns>The lock; disposing gives the directory free.</returns>
    public static IDisposable Prepare(IFileSystem files, string directory)
    {
        try
        {
            Create(files, directory);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw CannotOpen(directory, e);
        }
        try
        {
            return files.Lock(Path.Combine(directory, LockName));
        }
        catch (UnauthorizedAccessException e)
        {
            throw CannotOpen(directory, e);
        }
        catch (IOException e) when (DiskErrors.IsReadOnly(e) || DiskErrors.IsOutOfSpace(e))
        {
            throw CannotOpen(directory, e);
        }
        catch (IOException e)
        {
            throw new LogUnavailableException(
                $"The event log in '{directory}' is in use: {e.Message} Stop the other process, or give this one another data directory.", retryMayHelp: true, e);
        }
    }

    public static LogUnavailableException CannotOpen(string directory, Exception cause) => new(
        $"The event log in '{directory}' cannot be opened for writing: {cause.Message} "
        + Fix(cause), retryMayHelp: false, cause);

    private static string Fix(Exception cause)
    {
        if (DiskErrors.IsOutOfSpace(cause)) return "Free some space on its disk.";
        return cause is UnauthorizedAccessException || DiskErrors.IsReadOnly(cause)
            ? "Make the directory writable for this process, or choose another data directory."
            : "Check its disk.";
    }

    private static void Create(IFileSystem files, string directory)
    {
        if (files.DirectoryExists(directory)) return;
        var parent = Path.GetDirectoryName(directory);
        if (parent is not null) Create(files, parent);
        files.CreateDirectory(directory);
        // A directory is only as durable as its own name in its parent.
        if (parent is not null) files.SyncDirectory(parent);
    }
}
