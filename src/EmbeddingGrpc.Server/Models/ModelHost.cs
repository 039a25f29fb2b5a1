using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Opens the models when the daemon starts and closes them when it stops. Events are taken as soon as the log is open; generations are
/// loaded behind the open door, and recall is ready when one is warm.
/// </summary>
public sealed class ModelHost(
    ModelRegistry registry, ModelOpener opener, ModelOptions defaultOptions, ServingStatus status, IHostApplicationLifetime lifetime, ILogger<ModelHost> logger)
    : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loading = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the servers wait for their calls to end: a call that watches a training would keep them waiting.
        lifetime.ApplicationStopping.Register(StopTrainings);
        await OpenAsync(ModelRegistry.DefaultModel, defaultOptions);
        status.Report(ServingStatus.Models, true, "The models are open.");
        _loading = Task.Factory.StartNew(LoadGenerations, _stopping.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(_loading);
        foreach (var model in registry.Models)
        {
            registry.Remove(model.Name);
            await model.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private async Task OpenAsync(string name, ModelOptions options)
    {
        try
        {
            var model = await opener.OpenAsync(name, options);
            if (name == ModelRegistry.DefaultModel) model.Generations.Published += ReportRecall;
            registry.Add(model);
            if (name == ModelRegistry.DefaultModel) status.Report(ServingStatus.Events, true, "The log is open.");
        }
        catch (ModelUnavailableException e)
        {
            // The daemon stays: its other models serve, and the operator reads here and at /readyz what is wrong.
            ModelLog.ModelNotOpened(logger, e, name, e.Message);
            registry.AddFailure(name, e);
            if (name != ModelRegistry.DefaultModel) return;
            status.Report(ServingStatus.Events, false, e.Message);
            status.Report(ServingStatus.Recall, false, e.Message);
        }
    }

    private void LoadGenerations()
    {
        foreach (var model in registry.Models)
        {
            try
            {
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
        }
    }

    private void ReportRecall(GenerationInfo generation) =>
        status.Report(ServingStatus.Recall, true, $"Generation {generation.Number} ({generation.IdText}) serves.");

    private void StopTrainings()
    {
        foreach (var model in registry.Models) model.Training.Stop();
    }
}
