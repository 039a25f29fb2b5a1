using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>Looks after the indexes of every model's serving generation, a little at a time, on one thread that steps back behind requests.</summary>
internal sealed class IndexCareSchedule(ModelRegistry registry, IndexCareMetrics metrics, ModelOptions options, TimeProvider time, ILogger<IndexCareSchedule> logger)
    : BackgroundService
{
    /// <summary>Often, so that each is short: a hundred probes in a row take a core from recalls for tens of milliseconds. One of them looks at the rest, too.</summary>
    public const int LooksASecond = 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1.0 / LooksASecond);

    private readonly Dictionary<string, GenerationCare> _cares = new(StringComparer.Ordinal);
    private readonly ProcessorUse _processors = new(time);
    private int _look;

    /// <summary>Looks at every model once.</summary>
    public void Look(CancellationToken cancellationToken)
    {
        _look = (_look + 1) % LooksASecond;
        // A search of a million items takes as much as a recall: where recalls want the processors, two hundred of them a second cost each recall some hundredths.
        var busy = _processors.Next();
        var models = registry.Models;
        foreach (var gone in _cares.Keys.Except(models.Select(model => model.Name)).ToArray()) _cares.Remove(gone);
        foreach (var model in models)
        {
            try
            {
                Look(model, busy, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The thread must not end for one model's sake: the others are looked after, and this one again in a second.
                IndexCareLog.Failed(logger, e, model.Name, e.Message);
            }
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own: what it builds is built by threads that inherit its niceness, and the pool's must stay as important as requests.
        new Thread(() => Run(ended, stoppingToken)) { IsBackground = true, Name = "index care" }.Start();
        return ended.Task;
    }

    private void Run(TaskCompletionSource ended, CancellationToken stoppingToken)
    {
        try
        {
            if (options.IndexCare.Niceness > 0) BackgroundPriority.SetCurrentThread(options.IndexCare.Niceness);
            while (!stoppingToken.WaitHandle.WaitOne(Every)) Look(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The daemon stops.
        }
        catch (Exception e)
        {
            // The host's to tell.
            ended.TrySetException(e);
        }
        finally
        {
            ended.TrySetResult();
        }
    }

    private void Look(ModelRuntime model, double busy, CancellationToken cancellationToken)
    {
        if (!model.Generations.TryLease(out var lease))
        {
            _cares.Remove(model.Name);
            return;
        }

        using (lease)
        {
            if (!_cares.TryGetValue(model.Name, out var care) || !ReferenceEquals(care.Generation, lease.Generation))
            {
                _cares[model.Name] = care = new GenerationCare(model.Name, lease.Generation, model.Catalog.Deleted, metrics, time, logger);
            }

            var options = model.Options.IndexCare;
            if (_look == 0) care.Look(options.MeasureEvery, model.Items, cancellationToken);
            care.Probe(care.Pace.Next(options.ProbesASecond, busy), cancellationToken);
        }
    }
}
