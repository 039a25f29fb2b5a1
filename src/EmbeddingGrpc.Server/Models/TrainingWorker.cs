using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Trains generations of one model, one at a time: a thread of its own goes through the phases and runs each on low-priority threads. Any
/// thread may start, join or stop a training.
/// </summary>
public sealed class TrainingWorker : IAsyncDisposable
{
    private readonly string _model;
    private readonly ModelSettings _settings;
    private readonly InteractionLog _log;
    private readonly GenerationPublisher _publisher;
    private readonly ModelMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private TrainingRun? _latest;

    internal TrainingWorker(
        string model, ModelSettings settings, InteractionLog log, GenerationPublisher publisher, ModelMetrics metrics, TimeProvider time, ILogger logger)
    {
        _model = model;
        _settings = settings;
        _log = log;
        _publisher = publisher;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether a training runs.</summary>
    public bool IsTraining => Volatile.Read(ref _latest) is { Completion.IsCompleted: false };

    /// <summary>Starts a training on everything that is durable now, or joins the one that runs.</summary>
    /// <exception cref="TrainingStoppedException">The model is being closed.</exception>
    public TrainingRun Start()
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested) throw new TrainingStoppedException(_model);
            if (_latest is { Completion.IsCompleted: false } running) return running;
            var run = new TrainingRun();
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
            _metrics.TrainingEnded(_model, "published", outcome.Elapsed);
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
            _metrics.TrainingEnded(_model, "failed", _time.GetElapsedTime(started));
            run.Fail(e);
        }
    }

    private GenerationInfo TrainGeneration(TrainingRun run)
    {
        // One record for the whole training: a change of the options meanwhile is for the next one.
        var options = _settings.Current;
        var stopping = _stopping.Token;
        var through = _log.DurableOffset;
        ModelLog.TrainingStarted(_logger, _model, through.Value);

        var readStarted = _time.GetTimestamp();
        var corpus = Phase(run, TrainingPhase.Read, progress => CorpusReader.Read(_model, _log, through, options, progress.Report, stopping));
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [GenerationMetrics.ReadSeconds] = _time.GetElapsedTime(readStarted).TotalSeconds,
            [GenerationMetrics.TrainingInteractions] = corpus.WordCount,
            [GenerationMetrics.TrainingSessions] = corpus.SessionCount,
        };
        var vectors = Phase(run, TrainingPhase.Train, progress =>
        {
            // The trainer sets the niceness of its own threads, and would undo what they inherit.
            var training = options.Training with { Niceness = Math.Max(options.Training.Niceness, options.TrainingNiceness) };
            var trained = EmbeddingTrainer.Train(corpus, training, new InlineProgress<TrainingProgress>(progress.Report), stopping);
            metrics[GenerationMetrics.TrainingWordsPerSecond] = trained.WordsPerSecond;
            metrics[GenerationMetrics.TrainingLoss] = trained.FinalLoss;
            metrics[GenerationMetrics.TrainingSeconds] = trained.Elapsed.TotalSeconds;
            metrics[GenerationMetrics.TrainingEpochs] = trained.Trade.Epochs;
            return TrainedVectors.Of(trained, corpus.Vocabulary, options.SimilarityShrinkage);
        });
        var origin = new GenerationOrigin(through, _time.GetUtcNow(), metrics, OptionText.ReadTrained(options));
        var parts = Phase(run, TrainingPhase.Index, progress => new GenerationBuilder(_model, options).Build(vectors, origin, progress.Report, stopping));
        return Phase(run, TrainingPhase.Write, progress => _publisher.Publish(parts, progress.Report, stopping));
    }

    private T Phase<T>(TrainingRun run, TrainingPhase phase, Func<PhaseProgress, T> work)
    {
        // A phase owns what it is given and frees it when it is stopped, so that nothing is lost between two of them.
        var progress = new PhaseProgress(run, phase, _time);
        progress.Report(0);
        var result = LowPriorityThread.Run($"{phase} of {_model}", _settings.Current.TrainingNiceness, () => work(progress));
        run.EndPhase(progress.End());
        return result;
    }
}
