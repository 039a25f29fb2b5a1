namespace EmbeddingGrpc.Server.Models.Retraining;

/// <summary>Looks at every model now and then and starts the trainings that their options ask for. One thread at a time.</summary>
internal sealed partial class RetrainSchedule(ModelRegistry registry, TimeProvider time, ILogger<RetrainSchedule> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly long _started = time.GetTimestamp();

    // Also of trainings that failed or were rejected: what they saw is not tried again until something new comes.
    private readonly Dictionary<string, (long Began, long Through)> _last = new(StringComparer.Ordinal);

    /// <summary>Looks once.</summary>
    /// <returns>The trainings that were started.</returns>
    public IReadOnlyList<TrainingRun> Look()
    {
        var started = new List<TrainingRun>();
        foreach (var model in registry.Models)
        {
            var durable = model.Log.DurableOffset.Value;
            if (model.Training.IsTraining) continue;
            var (began, through) = _last.TryGetValue(model.Name, out var last) ? last : (_started, 0);
            var trained = Math.Max(through, model.Generations.Serving?.TrainedOffset.Value ?? 0);
            if (RetrainPolicy.ReasonToTrain(model.Options.Retrain, trained, durable, time.GetElapsedTime(began)) is not { } reason) continue;
            LogStarted(model.Name, reason);
            _last[model.Name] = (time.GetTimestamp(), durable);
            try
            {
                started.Add(model.Training.Start());
            }
            catch (TrainingStoppedException)
            {
                // The model is being closed.
            }
        }

        return started;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
    }

    [LoggerMessage(2050, LogLevel.Information, "Training model '{Model}': {Reason}")]
    private partial void LogStarted(string model, string reason);
}
