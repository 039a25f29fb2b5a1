using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.Server.Models.FoldIn;

namespace EmbeddingGrpc.Server.Models;

/// <summary>What the models count and time. One for the daemon; instruments are tagged with the model.</summary>
public sealed class ModelMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Models";

    /// <summary>Outcome of a training that failed.</summary>
    public const string Failed = "failed";

    private readonly Meter _meter;
    private readonly ConcurrentDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private readonly Histogram<double> _trainingDuration;
    private readonly Histogram<double> _loadDuration;
    private readonly Histogram<double> _swapDuration;
    private readonly ConcurrentDictionary<string, double> _longestRecalls = new(StringComparer.Ordinal);

    /// <summary>Creates the instruments.</summary>
    public ModelMetrics(IMeterFactory meters, ModelRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(registry);
        _meter = meters.Create(MeterName);
        _trainingDuration = _meter.CreateHistogram<double>("embeddinggrpc.training.duration", "s", "Trainings that ended, by outcome");
        // Told as 0 from the start: a counter that begins at 1 has not risen, and no alert would tell of the first failure.
        _meter.CreateObservableCounter(
            "embeddinggrpc.training.failures", () => registry.Models.Select(model => new Measurement<long>(_failures.GetValueOrDefault(model.Name), Tag(model.Name))),
            "{training}", "Trainings that failed; what served goes on serving");
        // Absent where there was nothing to compare with.
        _meter.CreateObservableGauge(
            "embeddinggrpc.generation.recall",
            () => registry.Models
                .Select(model => (model.Name, model.Generations.Serving?.Metrics))
                .Where(model => model.Metrics?.ContainsKey(GenerationMetrics.EvaluationRecall) == true)
                .Select(model => new Measurement<double>(model.Metrics![GenerationMetrics.EvaluationRecall], Tag(model.Name))),
            "1", "Recall of the serving generation on what users did after its training's cut in time, as it was promoted by");
        _loadDuration = _meter.CreateHistogram<double>("embeddinggrpc.generation.load.duration", "s", "Loading and warming a stored generation");
        _swapDuration = _meter.CreateHistogram(
            "embeddinggrpc.generation.swap.duration", "s", "Letting a generation on disk serve, by step: open, warm_up, fold_in, point",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] });
        // Absent before the first swap.
        _meter.CreateObservableGauge(
            "embeddinggrpc.generation.swap.longest_recall", () => _longestRecalls.Select(longest => new Measurement<double>(longest.Value, Tag(longest.Key))),
            "s", "The longest that a recall took that ended during the last swap; 0 where none did");
        Observe("embeddinggrpc.log.durable_offset", "{interaction}", "Interactions on disk", model => model.Log.DurableOffset.Value);
        Observe("embeddinggrpc.log.applied_offset", "{interaction}", "Interactions in the user histories", model => model.Applier.AppliedOffset.Value);
        Observe("embeddinggrpc.log.first_offset", "{interaction}", "Where the log begins; what was before it, retention has removed", model => model.Log.FirstOffset.Value);
        Observe("embeddinggrpc.state.memory", "By", "Memory of item keys, histories, counters and what else applying the log keeps", model => model.Events.State.SizeBytes);
        Observe("embeddinggrpc.state.users", "{user}", "Users with a history", model => model.Histories.UserCount);
        Observe("embeddinggrpc.state.items", "{item}", "Items known", model => model.Items.Count);
        _meter.CreateObservableGauge(
            "embeddinggrpc.log.applied_lag",
            () => registry.Models.Select(model => new Measurement<double>(model.Applier.LagAt(DateTimeOffset.UtcNow).TotalSeconds, Tag(model.Name))),
            "s",
            "How long ago the oldest interaction was written that is not in the user histories");
        Observe("embeddinggrpc.log.trained_offset", "{interaction}", "Interactions in the serving generation", model => model.Generations.Serving?.TrainedOffset.Value ?? 0);
        Observe("embeddinggrpc.generation.number", "{generation}", "Number of the serving generation, 0 while none serves", model => model.Generations.Serving?.Number ?? 0);
        Observe("embeddinggrpc.generation.created", "s", "When the serving generation was trained, in seconds since 1970, 0 while none serves", model => model.Generations.Serving?.CreateTime.ToUnixTimeSeconds() ?? 0);
        Observe("embeddinggrpc.generation.items", "{item}", "Items of the serving generation", model => model.Generations.Serving?.ItemCount ?? 0);
        Observe("embeddinggrpc.generation.folded_items", "{item}", "Items that were folded into the serving generation", model => model.Generations.FoldedItems);
        Observe("embeddinggrpc.fold_in.backlog", "{interaction}", "Applied interactions that were not yet looked at for new items", model => FolderOf(model, folder => Math.Max(0, model.Applier.AppliedOffset.Value - folder.FoldedOffset.Value)));
        Observe("embeddinggrpc.fold_in.waiting", "{item}", "Items that cannot be recalled yet and wait for their first vectors", model => FolderOf(model, folder => folder.WaitingForFirst));
        Observe("embeddinggrpc.fold_in.waiting_for_better", "{item}", "Folded items that wait for better vectors", model => FolderOf(model, folder => folder.WaitingForBetter));
        _meter.CreateObservableCounter(
            "embeddinggrpc.fold_in.dropped", () => registry.Models.Select(model => new Measurement<long>(model.Generations.FoldIn.Dropped, Tag(model.Name))),
            "{item}", "Folded items whose better vectors were left out, until they are met again, because too many waited");
        Observe("embeddinggrpc.training.running", "{training}", "Trainings that run", model => model.Training.IsTraining ? 1 : 0);

        void Observe(string name, string unit, string description, Func<ModelRuntime, long> value) =>
            _meter.CreateObservableGauge(name, () => registry.Models.Select(model => new Measurement<long>(value(model), Tag(model.Name))), unit, description);
    }

    private static long FolderOf(ModelRuntime model, Func<GenerationFolder, long> value)
    {
        if (!model.Options.FoldIn.Enabled || !model.Generations.TryLease(out var lease)) return 0;
        using (lease) return lease.Generation.Folder is { } folder ? value(folder) : 0;
    }

    /// <summary>Counts a training that ended.</summary>
    /// <param name="model">The model.</param>
    /// <param name="outcome">One of few words, such as <c>published</c>.</param>
    /// <param name="elapsed">How long it ran.</param>
    public void TrainingEnded(string model, string outcome, TimeSpan elapsed)
    {
        _trainingDuration.Record(elapsed.TotalSeconds, Tag(model), new("outcome", outcome));
        if (outcome == Failed) _failures.AddOrUpdate(model, 1, (_, count) => count + 1);
    }

    /// <summary>Counts a generation that was loaded from disk.</summary>
    public void GenerationLoaded(string model, TimeSpan elapsed) => _loadDuration.Record(elapsed.TotalSeconds, Tag(model));

    /// <summary>Counts a generation that was on disk and serves now.</summary>
    public void Swapped(string model, SwapTimes times)
    {
        Step("open", times.Open);
        Step("warm_up", times.WarmUp);
        Step("fold_in", times.FoldIn);
        Step("point", times.Point);
        _longestRecalls[model] = times.LongestRecall.TotalSeconds;

        void Step(string step, TimeSpan elapsed) => _swapDuration.Record(elapsed.TotalSeconds, Tag(model), new("step", step));
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string model) => new("model", model);
}
