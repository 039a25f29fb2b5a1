using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Opens the models when the daemon starts and closes them when it stops. Events are taken as soon as the log is open; generations are
/// loaded behind the open door, and recall is ready when one is warm.
/// </summary>
/// <remarks>
/// Opening begins before anything else starts and goes on beside it: reading a checkpoint takes longer than getting the servers ready. The start is over when both
/// are done. Calls that come in between are told that the models are being opened.
/// </remarks>
public sealed class ModelHost(
    ModelRegistry registry, ModelAdministrator administrator, IFirstRecalls firstRecalls, ServingStatus status, IHostApplicationLifetime lifetime, ILogger<ModelHost> logger)
    : IHostedLifecycleService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _opening = Task.CompletedTask;
    private Task _loading = Task.CompletedTask;
    private int _recalled;

    /// <summary>Begins to open the models; the data directory is this daemon's by now.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // Before the servers wait for their calls to end: a call that watches a training would keep them waiting.
        lifetime.ApplicationStopping.Register(StopTrainings);
        // On a thread of its own: it reads for long, and the pool has the servers to start.
        _opening = Task.Factory.StartNew(
            () => administrator.OpenAllAsync(onDefaultOpened: Watch, onDefaultFailure: ReportFailure), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until the models are open.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        status.Report(ServingStatus.Models, true, "The models are open.");
        _loading = Task.Factory.StartNew(LoadGenerations, _stopping.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(_opening);
        await Task.WhenAny(_loading);
        await administrator.CloseAllAsync();
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Closes what a start that failed had opened: it must not go on with a data directory that is nobody's any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(_opening);
        await administrator.CloseAllAsync();
        _stopping.Dispose();
    }

    private void Watch(ModelRuntime model)
    {
        status.Report(ServingStatus.Events, true, "The log is open.");
        model.Generations.Published += generation =>
        {
            if (Interlocked.Exchange(ref _recalled, 1) == 0)
            {
                firstRecalls.Make(model, _stopping.Token);
                UnusedMemory.Settle();
            }

            // Histories that are no longer brought up to date answer users from the past: a restart is due, and a new generation no cure.
            if (model.Applier.Failure is null) status.Report(ServingStatus.Recall, true, $"Generation {generation.Number} ({generation.IdText}) serves.");
        };
    }

    private void ReportFailure(Exception failure)
    {
        if (registry.Failures.ContainsKey(ModelRegistry.DefaultModel)) status.Report(ServingStatus.Events, false, failure.Message);
        status.Report(ServingStatus.Recall, false, failure.Message);
    }

    private void LoadGenerations()
    {
        foreach (var model in registry.Models)
        {
            try
            {
                WaitForDeletions(model);
                model.ServeStoredGeneration(_stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever is wrong with one model's files, the others load, and this one can be trained again.
                ModelLog.GenerationsUnreadable(logger, e, model.Name, e.Message);
            }

            model.AnswerUntrained();
        }
    }

    /// <summary>Waits until what is in the log is applied: before that, an item that was deleted could be answered.</summary>
    private void WaitForDeletions(ModelRuntime model)
    {
        try
        {
            model.Applier.WaitForAppliedAsync(model.Log.DurableOffset, _stopping.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (ApplierFailedException e)
        {
            // Told as critical, and recall is not ready; calls that come all the same are better answered than not.
            ModelLog.ServingWithoutTheLog(logger, model.Name, e.Message);
        }
    }

    private void StopTrainings()
    {
        foreach (var model in registry.Models) model.Training.Stop();
    }
}
