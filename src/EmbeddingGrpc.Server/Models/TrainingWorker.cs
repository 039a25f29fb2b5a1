using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Trains generations of one model, one at a time: a thread of its own goes through the phases and runs each on low-priority threads. Any
/// thread may start, join or stop a training.
/// </summary>
public sealed class TrainingWorker : IAsyncDisposable
{
    private readonly string _model;
    private readonly ModelSettings _settings;
    private readonly ModelEvents _events;
    private readonly GenerationStore _generations;
    private readonly GenerationPublisher _publisher;
    private readonly ModelMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private TrainingRun? _latest;

    internal TrainingWorker(
        string model,
        ModelSettings settings,
        ModelEvents events,
        GenerationStore generations,
        GenerationPublisher publisher,
        ModelMetrics metrics,
        TimeProvider time,
        ILogger logger)
    {
        _model = model;
        _settings = settings;
        _events = events;
        _generations = generations;
        _publisher = publisher;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>How recalls ask: what they blend is learned with each generation.</summary>
    internal RecallOptions Recall { get; init; } = new();

    /// <summary>Whether a training runs.</summary>
    public bool IsTraining => Volatile.Read(ref _latest) is { Completion.IsCompleted: false };

    /// <summary>Memory that a training holds now, in bytes; 0 where none runs.</summary>
    public long HeldBytes => Volatile.Read(ref _latest)?.HeldBytes ?? 0;

    /// <summary>Starts a training on everything that is durable now, or joins the one that runs.</summary>
    /// <param name="full">Whether it begins anew in any case. One that runs already goes on as it was started.</param>
    /// <exception cref="TrainingStoppedException">The model is being closed.</exception>
    public TrainingRun Start(bool full = false)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested) throw new TrainingStoppedException(_model);
            if (_latest is { Completion.IsCompleted: false } running) return running;
            var run = new TrainingRun { IsFull = full };
            new Thread(() => Train(run)) { IsBackground = true, Name = $"training of {_model}" }.Start();
            _latest = run;
            return run;
        }
    }

    /// <summary>Stops a training that runs and refuses new ones. Returns at once; disposing waits.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (!_stopping.IsCancellationRequested) _stopping.Cancel();
        }
    }

    /// <summary>Stops a training that runs and waits until its threads are joined.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        if (_latest is { } run) await Task.WhenAny(run.Completion).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void Train(TrainingRun run)
    {
        var started = _time.GetTimestamp();
        try
        {
            var generation = TrainGeneration(run);
            var outcome = new TrainingOutcome(generation, _time.GetElapsedTime(started));
            ModelLog.TrainingEnded(
                _logger,
                _model,
                outcome.Elapsed.TotalSeconds,
                generation.ItemCount,
                generation.Metrics[GenerationMetrics.TrainingWordsPerSecond],
                generation.Metrics[GenerationMetrics.TrainingLoss],
                generation.Metrics[GenerationMetrics.SimilarRecallAt10]);
            ModelLog.Judged(_logger, _model, generation.Number, generation.Promotion?.Verdict, generation.Promotion?.Reason);
            _metrics.TrainingEnded(_model, outcome.Serves ? "published" : "rejected", outcome.Elapsed);
            run.Complete(outcome);
        }
        catch (NothingToTrainException e)
        {
            ModelLog.TrainingRefused(_logger, _model, e.Message);
            _metrics.TrainingEnded(_model, "refused", _time.GetElapsedTime(started));
            run.Fail(e);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            ModelLog.TrainingStopped(_logger, _model);
            _metrics.TrainingEnded(_model, "stopped", _time.GetElapsedTime(started));
            run.Fail(new TrainingStoppedException(_model));
        }
        catch (Exception e)
        {
            // The end of this thread's stack: what is not told to the watchers here would end the daemon.
            ModelLog.TrainingFailed(_logger, e, _model, e.Message);
            _metrics.TrainingEnded(_model, ModelMetrics.Failed, _time.GetElapsedTime(started));
            run.Fail(e);
        }
    }

    private GenerationInfo TrainGeneration(TrainingRun run)
    {
        var through = _events.Log.DurableOffset;
        ModelLog.TrainingStarted(_logger, _model, through.Value);
        // One record of options for the whole training: a change meanwhile is for the next one.
        return new GenerationTrainer(_model, _settings.Current, _events, _generations, _publisher, Recall, _time, run, _stopping.Token).Train(through);
    }
}
