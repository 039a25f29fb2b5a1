using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>Follows the applier and folds new items into whatever generation of one model serves. One thread of its own.</summary>
internal sealed class FoldInWorker : IAsyncDisposable
{
    // How long a swap may go unnoticed while nothing happens: nothing is missed, the publisher folds in what came before.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly string _model;
    private readonly ModelSettings _settings;
    private readonly GenerationStore _generations;
    private readonly EventApplier _applier;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FoldInWorker(string model, ModelSettings settings, GenerationStore generations, EventApplier applier, ILogger logger)
    {
        (_model, _settings, _generations, _applier, _logger) = (model, settings, generations, applier, logger);
        new Thread(Run) { IsBackground = true, Name = $"fold-in of {model}" }.Start();
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
                if (!Advance()) Wait();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The model is being closed.
        }
        catch (Exception e)
        {
            // The thread must not take the daemon down: what is trained goes on serving, and new items wait for the next training.
            ModelLog.FoldInFailed(_logger, e, _model, e.Message);
        }
        finally
        {
            _stopped.SetResult();
        }
    }

    /// <returns>Whether there may be more to do at once.</returns>
    private bool Advance()
    {
        if (!_generations.TryLease(out var lease)) return false;
        using (lease)
        {
            if (lease.Generation.Folder is not { } folder || !lease.Generation.Info.PredictsNext || !_settings.Current.FoldIn.Enabled) return false;
            // Not when the first new item comes, which at a million items would wait ten seconds for it.
            folder.Prepare();
            folder.Advance(_applier.AppliedOffset, _stopping.Token);
            return folder.HasWork || folder.FoldedOffset < _applier.AppliedOffset;
        }
    }

    private void Wait()
    {
        var folded = _generations.TryLease(out var lease) ? FoldedOffsetOf(lease) : _applier.AppliedOffset;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeout.CancelAfter(LongestWait);
        try
        {
            // Blocks this thread, which is its own.
            _applier.WaitForAppliedAsync(new(Math.Max(folded.Value, _applier.AppliedOffset.Value) + 1), timeout.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            // Nothing happened: look whether another generation serves.
        }
    }

    private EventLog.LogOffset FoldedOffsetOf(GenerationLease lease)
    {
        using (lease) return lease.Generation.Folder?.FoldedOffset ?? _applier.AppliedOffset;
    }
}
