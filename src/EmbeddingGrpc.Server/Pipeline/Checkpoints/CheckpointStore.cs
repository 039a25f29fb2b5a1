using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>The checkpoints of one model in a directory: the newest two, so that one that turns out damaged costs a longer replay and nothing else. One thread at a time.</summary>
internal sealed partial class CheckpointStore
{
    private const string Extension = ".checkpoint";
    private const string TemporaryExtension = ".tmp";
    private const int Kept = 2;

    private readonly string _directory;
    private readonly IFileSystem _files;
    private readonly ILogger _logger;

    /// <summary>Opens or makes the directory, whose parent exists, and removes what a crash left unfinished.</summary>
    public CheckpointStore(string directory, IFileSystem files, ILogger logger)
    {
        (_directory, _files, _logger) = (directory, files, logger);
        if (!files.DirectoryExists(directory))
        {
            files.CreateDirectory(directory);
            files.SyncDirectory(Path.GetDirectoryName(directory)!);
        }

        foreach (var file in files.ListFiles(directory).Where(file => file.EndsWith(TemporaryExtension, StringComparison.Ordinal))) files.Delete(file);
    }

    /// <summary>Where replay from the oldest checkpoint kept would begin; null where there is none, and all of the log is needed.</summary>
    public LogOffset? OldestStart => List().Select(checkpoint => (LogOffset?)checkpoint.Start).LastOrDefault();

    /// <summary>Restores the newest checkpoint that is whole and that the log still reaches.</summary>
    /// <param name="makeState">Makes an empty state.</param>
    /// <param name="durable">The log's end: a checkpoint that is ahead of it belongs to another log, or to one that lost its tail.</param>
    /// <param name="start">Where replay must begin; 0 where no checkpoint could be used.</param>
    public AppliedState Restore(Func<AppliedState> makeState, LogOffset durable, out LogOffset start)
    {
        foreach (var (path, _) in List())
        {
            try
            {
                var began = Stopwatch.GetTimestamp();
                using var file = _files.Open(path, FileOpenMode.Read);
                var bounds = CheckpointReader.ReadBounds(file);
                if (bounds.End > durable)
                {
                    // It would pass for newer than whatever is written from now on.
                    _files.Delete(path);
                    throw new CheckpointCorruptException($"it is ahead of the log: {bounds.End} against {durable}");
                }

                var state = makeState();
                CheckpointReader.Read(file, state);
                LogRestored(path, state.Histories.UserCount, state.Items.Count, bounds.Start, Stopwatch.GetElapsedTime(began).TotalSeconds);
                start = bounds.Start;
                return state;
            }
            catch (Exception e) when (e is CheckpointCorruptException or IOException or UnauthorizedAccessException)
            {
                LogUnusable(e, path, e.Message);
            }
        }

        start = default;
        return makeState();
    }

    /// <summary>Writes a checkpoint, durably and whole or not at all, and removes those that are too many.</summary>
    /// <param name="state">What to write.</param>
    /// <param name="applied">The applied offset.</param>
    /// <param name="cancellationToken">Ends the work; nothing is changed then.</param>
    public CheckpointBounds Write(AppliedState state, Func<LogOffset> applied, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var temporary = Path.Combine(_directory, "next" + TemporaryExtension);
        if (_files.ListFiles(_directory).Contains(temporary)) _files.Delete(temporary);
        CheckpointBounds bounds;
        long length;
        try
        {
            using var file = _files.Open(temporary, FileOpenMode.Create);
            bounds = CheckpointWriter.Write(file, state, applied, cancellationToken.ThrowIfCancellationRequested);
            length = file.Length;
        }
        catch
        {
            _files.Delete(temporary);
            throw;
        }

        var name = bounds.Start.Value.ToString("D20", CultureInfo.InvariantCulture) + Extension;
        _files.Rename(temporary, Path.Combine(_directory, name));
        _files.SyncDirectory(_directory);
        LogWritten(bounds.Start, length, Stopwatch.GetElapsedTime(began).TotalSeconds);
        Keep(Kept);
        return bounds;
    }

    /// <summary>Removes all but the newest so many.</summary>
    public void Keep(int count)
    {
        var surplus = List().Skip(count).ToArray();
        foreach (var (path, _) in surplus) _files.Delete(path);
        if (surplus.Length > 0) _files.SyncDirectory(_directory);
    }

    // Newest first.
    private IEnumerable<(string Path, LogOffset Start)> List() => _files.ListFiles(_directory)
        .Where(file => file.EndsWith(Extension, StringComparison.Ordinal))
        .Select(file => (file, long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : -1))
        .Where(checkpoint => checkpoint.Item2 >= 0)
        .OrderByDescending(checkpoint => checkpoint.Item2)
        .Select(checkpoint => (checkpoint.file, new LogOffset(checkpoint.Item2)));

    [LoggerMessage(1110, LogLevel.Information, "Restored {Users} users and {Items} items from checkpoint {Path} in {Seconds:F2} s; the log is applied from offset {Start} on.")]
    private partial void LogRestored(string path, int users, int items, LogOffset start, double seconds);

    [LoggerMessage(1111, LogLevel.Warning, "Checkpoint {Path} is passed over, an older one or the log is used: {Reason}")]
    private partial void LogUnusable(Exception exception, string path, string reason);

    [LoggerMessage(1112, LogLevel.Information, "Wrote a checkpoint at offset {Start}: {Bytes} bytes in {Seconds:F2} s.")]
    private partial void LogWritten(LogOffset start, long bytes, double seconds);
}
