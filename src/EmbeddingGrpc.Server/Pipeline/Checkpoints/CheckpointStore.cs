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

    // The state may go on using pages of it.
    private string? _restored;

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

    /// <summary>
    /// Restores the newest checkpoint that is whole and that the log still reaches. Where none is, the log makes the state anew, unless it has forgotten its
    /// beginning: what was known from there would be gone in silence.
    /// </summary>
    /// <param name="makeState">Makes an empty state.</param>
    /// <param name="durable">The log's end: a checkpoint that is ahead of it belongs to another log, or to one that lost its tail.</param>
    /// <param name="start">Where replay must begin; 0 where no checkpoint could be used.</param>
    /// <param name="first">Where the log begins.</param>
    /// <exception cref="CheckpointRefusedException">A newer version of the program wrote one, or none can be used and the log cannot make up for it.</exception>
    public AppliedState Restore(Func<AppliedState> makeState, LogOffset durable, out LogOffset start, LogOffset first = default)
    {
        var unusable = new List<string>();
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

                if (bounds.Start < first) throw new CheckpointCorruptException($"the log begins at {first}, behind what it has: {bounds.Start}");
                var state = makeState();
                CheckpointReader.Read(file, state);
                LogRestored(path, state.Histories.UserCount, state.Items.Count, bounds.Start, Stopwatch.GetElapsedTime(began).TotalSeconds);
                (start, _restored) = (bounds.Start, path);
                return state;
            }
            catch (CheckpointVersionException e)
            {
                throw new CheckpointRefusedException(
                    $"Checkpoint '{path}' cannot be read: {e.Message}. Start the version that wrote it"
                    + (first.Value == 0 ? ", or delete it: the log has everything, and the start takes longer." : ", or restore a backup from before."));
            }
            catch (Exception e) when (e is CheckpointCorruptException or IOException or UnauthorizedAccessException)
            {
                LogUnusable(e, path, e.Message);
                unusable.Add($"{Path.GetFileName(path)}: {e.Message}");
            }
        }

        start = default;
        if (first.Value == 0) return makeState();
        if (unusable.Count > 0)
        {
            throw new CheckpointRefusedException(
                $"No checkpoint in '{_directory}' can be used, and the log begins at offset {first}: the histories and the catalogue from before it would be lost."
                + $" Restore the checkpoints from a backup, or move them away to go on without. {string.Join(" ", unusable)}");
        }

        LogBeginsWithout(first, _directory);
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
        foreach (var (path, _) in surplus) Delete(path);
        if (surplus.Length > 0) _files.SyncDirectory(_directory);
    }

    // Whoever uses pages of a file keeps its bytes on the disk, without a name: what may have to be forgotten must not be among them.
    private void Delete(string path)
    {
        if (path == _restored)
        {
            using var file = _files.Open(path, FileOpenMode.Write);
            try
            {
                CheckpointReader.Wipe(file);
            }
            catch (CheckpointCorruptException e)
            {
                // Damaged since: nobody knows any more where what is in it.
                LogUnusable(e, path, e.Message);
            }

            _restored = null;
        }

        _files.Delete(path);
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

    [LoggerMessage(1114, LogLevel.Error, "The log begins at offset {First}, and there is no checkpoint in {Directory}: what was known from before it is not known any more.")]
    private partial void LogBeginsWithout(LogOffset first, string directory);

    [LoggerMessage(1112, LogLevel.Information, "Wrote a checkpoint at offset {Start}: {Bytes} bytes in {Seconds:F2} s.")]
    private partial void LogWritten(LogOffset start, long bytes, double seconds);
}
