namespace EmbeddingGrpc.Training;

/// <summary>How much a training will do.</summary>
/// <param name="Epochs">Passes over the sessions; below one, that share of them is seen, chosen at random.</param>
/// <param name="Dimension">Floats of a vector.</param>
/// <param name="TimeLimit">When the passes end at the latest.</param>
/// <param name="Smooths">Whether the vectors are smoothed afterwards.</param>
/// <param name="Watches">Whether it is watched, to train less where more does harm.</param>
internal readonly record struct TrainingPlan(double Epochs, int Dimension, TimeSpan TimeLimit, bool Smooths, bool Watches)
{
    /// <summary>Whether another run of the same training follows.</summary>
    public bool IsProbe { get; init; }

    /// <summary>What the options ask for.</summary>
    /// <param name="options">The options.</param>
    /// <param name="isFresh">Whether it starts at random: what goes on from an earlier one is short anyway.</param>
    public static TrainingPlan Whole(TrainingOptions options, bool isFresh) => new(
        options.Epochs,
        options.Dimension,
        Timeout.InfiniteTimeSpan,
        options.Smoothing > 0,
        isFresh && options.EarlyStopping && options.Epochs >= EarlyStop.Parts && !options.Objective.IsHierarchical() && options.MaximumVocabulary == 0);
}
