namespace EmbeddingGrpc.Training;

/// <summary>How much a training will do.</summary>
/// <param name="Epochs">Passes over the sessions; below one, that share of them is seen, chosen at random.</param>
/// <param name="Dimension">Floats of a vector.</param>
/// <param name="TimeLimit">When it ends at the latest.</param>
internal readonly record struct TrainingPlan(double Epochs, int Dimension, TimeSpan TimeLimit)
{
    /// <summary>What the options ask for.</summary>
    public static TrainingPlan Whole(TrainingOptions options) => new(options.Epochs, options.Dimension, Timeout.InfiniteTimeSpan);
}
