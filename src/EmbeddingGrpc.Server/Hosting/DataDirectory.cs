using System.Globalization;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>The data directory, held by one daemon at a time: from before anything in it is opened until everything is closed.</summary>
/// <remarks>
/// The lock is the operating system's on <c>daemon.lock</c>, so that it ends with the process however that ends; <c>daemon.pid</c> only says
/// whom to ask, because a locked file cannot be read by the one who is refused.
/// </remarks>
public sealed class DataDirectory(DaemonOptions options) : IHostedLifecycleService, IDisposable
{
    private const string LockFile = "daemon.lock";
    private const string PidFile = "daemon.pid";

    private FileStream? _lock;

    /// <summary>Its full path.</summary>
    public string FullPath { get; } = Path.GetFullPath(options.DataDirectory);

    /// <summary>Takes the directory.</summary>
    /// <exception cref="DataDirectoryException">Another daemon has it, or it cannot be written.</exception>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        Hold();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Gives the directory free.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _lock, null) is not { } held) return;
        File.Delete(Path.Combine(FullPath, PidFile));
        held.Dispose();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Hold()
    {
        try
        {
            Directory.CreateDirectory(FullPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }

        var path = Path.Combine(FullPath, LockFile);
        try
        {
            _lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(Path.Combine(FullPath, PidFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            DataFormat.Check(FullPath);
        }
        catch (IOException e) when (_lock is null && e is not (PathTooLongException or DirectoryNotFoundException or FileNotFoundException) && IsLocked(path))
        {
            throw new DataDirectoryException(
                $"Data directory '{FullPath}' is in use by another daemon{Owner()}. Stop that one, or give this one a directory of its own with --DataDirectory.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lock?.Dispose();
            _lock = null;
            throw Unusable(e);
        }
    }

    // A full disk and a lock are both an IOException: a lock still lets the file be opened by one who shares.
    private static bool IsLocked(string path)
    {
        try
        {
            using var shared = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private string Owner()
    {
        try
        {
            return $" (process {File.ReadAllText(Path.Combine(FullPath, PidFile)).Trim()})";
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private DataDirectoryException Unusable(Exception cause) => new(
        $"Data directory '{FullPath}' cannot be used: {cause.Message} Make it writable for user '{Environment.UserName}', or name another with --DataDirectory.", cause);
}
