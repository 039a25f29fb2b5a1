using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Retraining;

/// <summary>A training that goes on from the vectors that serve, on a window of the log and a replay of what is older. Immutable.</summary>
/// <param name="Options">The model's options.</param>
/// <param name="Serving">The generation to go on from.</param>
internal sealed record WarmRestart(ModelOptions Options, GenerationInfo Serving)
{
    /// <summary>How many warm starts led to this one, itself included, since the last training that began anew.</summary>
    public int Number => (int)Serving.Metrics.GetValueOrDefault(GenerationMetrics.WarmStarts) + 1;

    /// <summary>Decides whether a training goes on from what serves.</summary>
    /// <returns>Null where it begins anew.</returns>
    public static WarmRestart? For(ModelOptions options, GenerationInfo serving)
    {
        var warm = new WarmRestart(options, serving);
        var sharesRows = options.Training.MaximumVocabulary > 0 && serving.ItemCount > options.Training.MaximumVocabulary;
        if (warm.Number >= options.Retrain.FullEvery || sharesRows || options.Training.Objective.IsHierarchical()) return null;
        // Also of one whose vectors were imported, or came out smaller for lack of time.
        if (serving.Options.Count == 0 || serving.Dimension != options.Training.Dimension) return null;
        return OptionText.Differences(serving.Options, OptionText.ReadTrained(options), OptionEffect.NextTraining).Count == 0 ? warm : null;
    }

    /// <summary>Whether the vectors that it goes on from are smoothed. Until that was written down they were wherever the options say so.</summary>
    public bool StartsSmoothed => Serving.Metrics.TryGetValue(GenerationMetrics.TrainingSmoothed, out var smoothed) ? smoothed > 0 : Options.Training.Smoothing > 0;

    /// <summary>Where the window of the log begins.</summary>
    public LogOffset WindowStart(LogOffset through) =>
        new(Math.Min(Serving.TrainedOffset.Value, (long)(through.Value * (1 - Options.Retrain.WarmWindow))));

    /// <summary>How it trains.</summary>
    public TrainingOptions Training => Options.Training with
    {
        Epochs = Math.Max(1, (int)Math.Round(Options.Training.Epochs * Options.Retrain.WarmEpochs)),
        LearningRate = Options.Training.LearningRate * Options.Retrain.WarmRate,
        MaximumSeconds = Options.Training.MaximumSeconds * Options.Retrain.WarmEpochs,
        // Every one sees other blocks, and replays other sessions.
        Seed = Seed,
    };

    /// <summary>Which sessions it learns.</summary>
    public SessionSelection Select(long firstRecent) => new(firstRecent, Options.Training.Window, Options.Retrain.WarmReplay, Seed);

    private ulong Seed => Options.Training.Seed + (ulong)Number;
}
