using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Recovery;
using EmbeddingGrpc.EventLog.Segments;

namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>
/// Reads a log's files without opening the log: what they hold, what is wrong with them, and what can be saved. Inspecting and dumping change nothing and need
/// no write access; beside a running daemon the newest group may look like a torn tail.
/// </summary>
public static class LogInspector
{
    /// <summary>Reads and checks every group of every segment.</summary>
    /// <exception cref="LogUnavailableException">The directory cannot be read.</exception>
    public static LogReport Inspect(string directory, CancellationToken cancellationToken = default) =>
        Inspect(directory, DiskFileSystem.Instance, cancellationToken);

    /// <inheritdoc cref="Inspect(string, CancellationToken)"/>
    public static LogReport Inspect(string directory, IFileSystem files, CancellationToken cancellationToken = default)
    {
        var segments = Find(directory, files);
        var reports = new List<SegmentReport>();
        var producers = new ProducerTable();
        for (var i = 0; i < segments.Length; i++)
        {
            var report = SegmentInspection.Run(files, segments[i], producers, cancellationToken);
            reports.Add(i + 1 < segments.Length ? Joined(report, Segment.OffsetOf(segments[i + 1])) : report);
        }
        return new LogReport(reports, producers.Count);
    }

    /// <summary>Reads entries of every kind in <c>[from, to)</c>, in order. Memory is bounded by one group. A torn tail ends it.</summary>
    /// <exception cref="LogCorruptException">A group is damaged.</exception>
    /// <exception cref="LogUnavailableException">The directory cannot be read.</exception>
    public static IEnumerable<LogEntry> Dump(string directory, LogOffset from, LogOffset to, CancellationToken cancellationToken = default) =>
        Dump(directory, from, to, DiskFileSystem.Instance, cancellationToken);

    /// <inheritdoc cref="Dump(string, LogOffset, LogOffset, CancellationToken)"/>
    public static IEnumerable<LogEntry> Dump(
        string directory, LogOffset from, LogOffset to, IFileSystem files, CancellationToken cancellationToken = default)
    {
        var decoder = new GroupDecoder();
        var paths = Find(directory, files);
        for (var i = 0; i < paths.Length; i++)
        {
            if (i + 1 < paths.Length && Segment.OffsetOf(paths[i + 1]) <= from.Value) continue;
            if (Segment.OffsetOf(paths[i]) >= to.Value) yield break;
            using var file = files.Open(paths[i], FileOpenMode.Read);
            using var walk = new SegmentWalk(file, SegmentHeader.Read(file, paths[i], null));
            while (walk.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (walk.Damage is { IsTornTail: true } && i == paths.Length - 1) yield break;
                if (walk.Damage is { } damage) throw new LogCorruptException(paths[i], damage.Position, damage.Reason);
                if (walk.Group.EndOffset <= from.Value) continue;
                walk.Begin(decoder);
                while (decoder.TryRead(out var entry))
                {
                    if (entry.Offset >= to) yield break;
                    if (entry.Offset >= from) yield return entry;
                }
            }
        }
    }

    /// <summary>
    /// Writes every damaged segment anew from what can be read of it, so that the log opens again. Later entries keep their offsets; offsets that are lost stay
    /// empty. The damaged file is kept beside it as <c>.damaged</c>.
    /// </summary>
    /// <exception cref="LogUnavailableException">The log is open elsewhere, or the directory cannot be written.</exception>
    public static SalvageResult Salvage(string directory, TimeProvider time, CancellationToken cancellationToken = default) =>
        Salvage(directory, time, DiskFileSystem.Instance, cancellationToken);

    /// <inheritdoc cref="Salvage(string, TimeProvider, CancellationToken)"/>
    public static SalvageResult Salvage(string directory, TimeProvider time, IFileSystem files, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(time);
        var path = Path.GetFullPath(directory);
        Find(path, files);
        using var directoryLock = LogDirectory.Prepare(files, path);
        try
        {
            return new LogSalvage(new SegmentFiles(files, path), time.GetUtcNow().ToUnixTimeMilliseconds()).Run(cancellationToken);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw LogDirectory.CannotOpen(path, e);
        }
    }

    /// <summary>Adds what is wrong with the end of a segment that another follows: nothing may be torn there, and nothing may be missing.</summary>
    private static SegmentReport Joined(SegmentReport report, long nextBase)
    {
        var damage = report.Damage.Select(each => each with { IsTornTail = false }).ToList();
        if (report.EndOffset.Value != nextBase || !report.EndsWithMark)
        {
            var mark = report.EndsWithMark ? "" : " without the mark that finishes a segment";
            damage.Add(new LogDamage(report.Bytes, 0, $"it ends at offset {report.EndOffset}{mark}; the next one begins at {nextBase}", IsTornTail: false));
        }
        return report with { Damage = damage };
    }

    private static string[] Find(string directory, IFileSystem files)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(files);
        var path = Path.GetFullPath(directory);
        try
        {
            if (!files.DirectoryExists(path)) throw new DirectoryNotFoundException("There is no such directory.");
            return new SegmentFiles(files, path).List();
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw new LogUnavailableException($"The event log in '{path}' cannot be read: {e.Message}", retryMayHelp: false, e);
        }
    }
}
