using System.Diagnostics;

namespace EmbeddingGrpc.EventLog.Files;

/// <summary>Measures what a disk's fsync takes, as the log asks for it: after bytes were added to a file. Figures of the log mean something only beside it.</summary>
public static class FsyncProbe
{
    private const int WriteBytes = 16 * 1024;
    private const int Writes = 300;

    /// <summary>Writes a few megabytes to a file in a directory, each write followed by an fsync, and removes the file.</summary>
    /// <param name="directory">On the disk to measure; must exist.</param>
    /// <param name="cancellationToken">Asked before each write.</param>
    /// <returns>The times, shortest first.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public static TimeSpan[] Measure(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var path = Path.Combine(directory, $"fsync-probe-{Guid.NewGuid():N}");
        using var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Create);
        try
        {
            var bytes = new byte[WriteBytes];
            var times = new TimeSpan[Writes];
            for (var i = 0; i < times.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Random.Shared.NextBytes(bytes);
                file.Write((long)i * WriteBytes, bytes);
                var began = Stopwatch.GetTimestamp();
                file.Sync();
                times[i] = Stopwatch.GetElapsedTime(began);
            }
            Array.Sort(times);
            return times;
        }
        finally
        {
            DiskFileSystem.Instance.Delete(path);
        }
    }
}
