using System.Diagnostics;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>Follows the applier and folds new items into whatever generation of one model serves. One thread of its own.</summary>
internal sealed class FoldInWorker : IAsyncDisposable
{
    // How long a swap may go unnoticed while nothing happens: nothing is missed, the publisher folds in what came before.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    // Writing what was gathered takes one percent of the thread's time at most.
    private const int TimesAsLongBetween = 100;

    private static readonly TimeSpan LeastBetweenKeeping = TimeSpan.FromMinutes(1);

    private readonly string _model;
    private readonly ModelSettings _settings;
    private readonly GenerationStore _generations;
    private readonly EventApplier _applier;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _looking = new();
    private TaskCompletionSource _look = NewLook();
    private bool _isLookedFor;
    private long _keptAt = Stopwatch.GetTimestamp();
    private TimeSpan _untilKept = LeastBetweenKeeping;
    private Exception? _ended;

    public FoldInWorker(string model, ModelSettings settings, GenerationStore generations, EventApplier applier, ILogger logger)
    {
        (_model, _settings, _generations, _applier, _logger) = (model, settings, generations, applier, logger);
        new Thread(Run) { IsBackground = true, Name = $"fold-in of {model}" }.Start();
    }

    /// <summary>
    /// Completes when the worker has looked once more, which is at least once a second and whenever something was applied; fails where it will not any more.
    /// Ask for it before looking at how far the serving generation is, so that what happens in between is not missed.
    /// </summary>
    public Task NextLook()
    {
        lock (_looking)
        {
            _isLookedFor = true;
            return _ended is null ? _look.Task : Task.FromException(_ended);
        }
    }

    /// <summary>Stops following.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _stopped.Task;
        _stopping.Dispose();
    }

    private void Run()
    {
        try
        {
            if (_settings.Current.FoldIn.Niceness is > 0 and var niceness) BackgroundPriority.SetCurrentThread(niceness);
            while (true)
            {
                var applied = _applier.AppliedOffset;
                var isDone = !Advance(applied);
                Looked();
                // From where it was before the look, so that nothing that was applied meanwhile waits for what comes next.
                if (isDone) _applier.WaitForApplied(new LogOffset(applied.Value + 1), LongestWait, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The model is being closed.
            if (_generations.TryLease(out var lease))
            {
                using (lease)
                    if (lease.Generation.Folder is { } folder) Keep(folder);
            }

            End(new ObjectDisposedException(nameof(FoldInWorker), "The model was closed."));
        }
        catch (Exception e)
        {
            // The thread must not take the daemon down: what is trained goes on serving, and new items wait for the next training.
            ModelLog.FoldInFailed(_logger, e, _model, e.Message);
            End(new InvalidOperationException($"Folding new items into model '{_model}' failed; restart the daemon once the cause is gone: {e.Message}", e));
        }
        finally
        {
            _stopped.SetResult();
        }
    }

    /// <returns>Whether there may be more to do at once.</returns>
    private bool Advance(LogOffset applied)
    {
        if (!_generations.TryLease(out var lease)) return false;
        using (lease)
        {
            if (lease.Generation.Folder is not { } folder || !_settings.Current.FoldIn.Enabled) return false;
            // Not when the first new item comes, which at a million items would wait ten seconds for it.
            folder.Prepare();
            folder.Advance(applied, _stopping.Token);
            if (Stopwatch.GetElapsedTime(_keptAt) >= _untilKept) Keep(folder);
            // What was kept waits until the log is applied that far.
            return folder.FoldedOffset < applied || (folder.HasWork && applied >= folder.KeptThrough);
        }
    }

    private void Keep(GenerationFolder folder)
    {
        var began = Stopwatch.GetTimestamp();
        if (folder.FoldedOffset.Value - folder.KeptThrough.Value >= GenerationFolder.EntriesWorthKeeping) folder.Keep();
        _keptAt = Stopwatch.GetTimestamp();
        var took = TimesAsLongBetween * Stopwatch.GetElapsedTime(began, _keptAt);
        _untilKept = took > LeastBetweenKeeping ? took : LeastBetweenKeeping;
    }

    private void Looked()
    {
        TaskCompletionSource look;
        lock (_looking)
        {
            // Most of the time nobody waits, and nothing is allocated.
            if (!_isLookedFor) return;
            _isLookedFor = false;
            (look, _look) = (_look, NewLook());
        }

        look.SetResult();
    }

    private void End(Exception reason)
    {
        lock (_looking) _ended = reason;
        _look.TrySetException(reason);
        // Nobody need wait: read here, an exception that nobody awaits is not reported as unobserved.
        _ = _look.Task.Exception;
    }

    private static TaskCompletionSource NewLook() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
