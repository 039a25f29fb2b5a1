using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Lets each model's log forget, every minute, what its options allow to go: only what no checkpoint and no stored generation needs, its own or of a model that
/// it feeds, and nothing while one of them is trained.
/// </summary>
internal sealed partial class LogRetention(ModelRegistry registry, TimeProvider time, ILogger<LogRetention> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>What a log may forget.</summary>
    /// <param name="source">Whose log it is.</param>
    /// <param name="models">All models.</param>
    public static LogOffset SafeOffset(ModelRuntime source, IEnumerable<ModelRuntime> models)
    {
        var safe = source.Events.Checkpoints.SafeOffset.Value;
        foreach (var model in models.Where(model => ReferenceEquals(model.Events, source.Events)))
        {
            if (model.Training.IsTraining) return default;
            // When one of them comes to serve, it takes in what came after its training. Vectors from elsewhere were made of nothing in the log.
            foreach (var generation in model.StoredGenerations().Where(generation => generation.TrainedOffset.Value > 0))
                safe = Math.Min(safe, generation.TrainedOffset.Value);
        }

        return new LogOffset(safe);
    }

    /// <summary>Goes through all logs once.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var models = registry.Models;
        foreach (var model in models.Where(model => model.EventsFrom is null))
        {
            try
            {
                await model.Log.ApplyRetentionAsync(SafeOffset(model, models), cancellationToken);
            }
            catch (Exception e) when (e is LogUnavailableException or IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // Closed meanwhile, or the disk refuses: the log is larger than asked for, and the next round tries again.
                LogFailed(e, model.Name, e.Message);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await ApplyAsync(stoppingToken);
    }

    [LoggerMessage(2040, LogLevel.Warning, "Old events of model '{Model}' could not be removed: {Reason}")]
    private partial void LogFailed(Exception exception, string model, string reason);
}
