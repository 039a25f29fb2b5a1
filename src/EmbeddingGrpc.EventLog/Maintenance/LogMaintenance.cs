using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Segments;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog.Maintenance;

/// <summary>Removes and rewrites finished segments, one job at a time, beside the writer and the readers.</summary>
internal sealed class LogMaintenance(SegmentFiles files, SegmentSet segments, EventLogOptions options, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Removes whole segments before an offset, the oldest first.</summary>
    /// <param name="safe">Everything before it may go.</param>
    /// <param name="nowMs">For the policy of the options; null removes all that is safe.</param>
    /// <param name="cancellationToken">Asked between segments.</param>
    public Task<RetentionResult> RemoveAsync(LogOffset safe, long? nowMs, CancellationToken cancellationToken) => InTurnAsync(
        stop => Task.FromResult(Remove(safe, nowMs, stop)), $"Old segments in '{files.Directory}' could not be removed", cancellationToken);

    /// <summary>Rewrites every segment that holds something that is erased.</summary>
    /// <param name="erased">What must go.</param>
    /// <param name="before">Only entries before it are erased.</param>
    /// <param name="beginSegment">Finishes the newest segment.</param>
    /// <param name="cancellationToken">Asked between groups; what is rewritten by then stays.</param>
    public Task<ErasureResult> EraseAsync(ErasedEntries erased, LogOffset before, Func<Task> beginSegment, CancellationToken cancellationToken) => InTurnAsync(
        stop => EraseInTurnAsync(erased, before, beginSegment, stop), $"A segment in '{files.Directory}' could not be rewritten; repeat the erasure", cancellationToken);

    /// <summary>Ends the job that runs, at its next step, and lets no other begin.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        _turn.Dispose();
        _closing.Dispose();
    }

    private RetentionResult Remove(LogOffset safe, long? nowMs, CancellationToken stop)
    {
        var removed = 0;
        var freed = 0L;
        while (segments.Snapshot is [var first, _, ..] && first.EndOffset <= safe.Value && (nowMs is null || IsDue(first, nowMs.Value)))
        {
            stop.ThrowIfCancellationRequested();
            // Each name is made durably absent before the next goes: a start after a crash must never find a hole.
            files.FileSystem.Delete(first.Path);
            files.FileSystem.SyncDirectory(files.Directory);
            segments.RemoveFirst();
            removed++;
            freed += first.EndPosition;
        }
        var firstOffset = new LogOffset(segments.Snapshot[0].BaseOffset);
        if (removed > 0) MaintenanceLog.Removed(logger, removed, freed, firstOffset.Value);
        return new RetentionResult(removed, freed, firstOffset);
    }

    private bool IsDue(Segment segment, long nowMs) =>
        (options.RetentionBytes is { } most && segments.Snapshot.Sum(each => each.EndPosition) > most)
        || (options.RetentionAge is { } oldest && nowMs - segment.LastCommitMs > (long)oldest.TotalMilliseconds);

    private async Task<ErasureResult> EraseInTurnAsync(ErasedEntries erased, LogOffset before, Func<Task> beginSegment, CancellationToken stop)
    {
        var eraser = new SegmentEraser(files, erased, before.Value);
        var active = segments.Active;
        if (active.BaseOffset < before.Value && eraser.HasWork(active, stop)) await beginSegment().ConfigureAwait(false);
        var rewritten = 0;
        foreach (var segment in segments.Snapshot[..^1].Where(segment => segment.BaseOffset < before.Value))
        {
            if (!eraser.HasWork(segment, stop)) continue;
            segments.Replace(segment, eraser.Rewrite(segment, stop));
            rewritten++;
        }
        MaintenanceLog.Erased(logger, eraser.ErasedEntries, rewritten);
        return new ErasureResult(eraser.ErasedEntries, rewritten);
    }

    private async Task<T> InTurnAsync<T>(Func<CancellationToken, Task<T>> job, string failure, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(InteractionLog));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _turn.WaitAsync(stop.Token).ConfigureAwait(false);
        try
        {
            return await job(stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw new LogUnavailableException($"{failure}: {e.Message}", retryMayHelp: true, e);
        }
        finally
        {
            _turn.Release();
        }
    }
}
