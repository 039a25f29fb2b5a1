namespace EmbeddingGrpc.Training;

/// <summary>
/// Fits a training into a time: measures the speed on a small part of the work, then gives up epochs down to a few, then dimension, then
/// the rest of the epochs, and last a part of the history. Epochs go first because the last ones change least.
/// </summary>
internal static class TrainingBudget
{
    /// <summary>Share of the budget spent on measuring.</summary>
    private const double MeasuringShare = 0.04;

    /// <summary>Of the rest, what is planned: speed is measured with cold caches and may change on the way.</summary>
    private const double PlannedShare = 0.95;

    /// <summary>Fewer epochs than this cost more than a smaller dimension does.</summary>
    private const double EpochsWorthADimension = 4;

    /// <summary>Smoothing that takes more of the budget is not worth the epochs.</summary>
    private const double MostForSmoothing = 0.1;

    /// <summary>One thread's time for one interaction and sixteen columns, all passes of the smoothing together; measured, and rounded up.</summary>
    private const double SmoothingSeconds = 60e-9;

    /// <summary>Below this, a smaller dimension saves little time and costs much.</summary>
    public const int MinimumDimension = 32;

    /// <summary>Finds a plan that ends in time.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="minimumDimension">The dimension is not made smaller than this.</param>
    /// <param name="words">Interactions of the corpus.</param>
    /// <param name="threads">Training threads.</param>
    /// <param name="measure">Trains with a dimension for a time and says the interactions per second; its result is thrown away.</param>
    public static TrainingPlan Fit(TrainingOptions options, int minimumDimension, long words, int threads, Func<int, TimeSpan, double> measure)
    {
        var budget = TimeSpan.FromSeconds(options.MaximumSeconds);
        var probe = budget * (MeasuringShare / 2);
        var smoothing = TimeSpan.FromSeconds(words * Math.Ceiling(options.Dimension / 16.0) * SmoothingSeconds / threads);
        bool smooths = options.Smoothing > 0 && smoothing <= budget * MostForSmoothing;
        var limit = budget - (2 * probe) - (smooths ? smoothing : TimeSpan.Zero);
        double epochs = measure(options.Dimension, probe) * limit.TotalSeconds * PlannedShare / words;
        int dimension = options.Dimension;
        double wanted = Math.Min(EpochsWorthADimension, options.Epochs);
        if (epochs < wanted && dimension > minimumDimension)
        {
            // A step costs nearly in proportion to the dimension, and rows are padded to sixteen floats.
            dimension = Math.Clamp((int)(options.Dimension * epochs / wanted) / 16 * 16, minimumDimension, options.Dimension);
            epochs = measure(dimension, probe) * limit.TotalSeconds * PlannedShare / words;
        }

        // A machine too busy to have measured anything: the clock alone will end the training.
        epochs = epochs > 0 ? Math.Min(options.Epochs, epochs) : options.Epochs;
        return new TrainingPlan(epochs, dimension, limit, smooths, Watches: false);
    }
}
