namespace EmbeddingGrpc.Training;

/// <summary>
/// Fits a training into a time: measures the speed on a small part of the work, then gives up epochs down to a few, then dimension, then
/// the rest of the epochs, and last a part of the history. Epochs go first because the last ones change least.
/// </summary>
/// <remarks>
/// Only the dimension is decided beforehand. How many epochs there are the clock decides, along which the learning rate then falls: what is measured in a
/// moment with cold caches is below the speed that follows, by half and more where the budget is a second or two.
/// </remarks>
internal static class TrainingBudget
{
    /// <summary>Share of the budget spent on measuring.</summary>
    private const double MeasuringShare = 0.02;

    /// <summary>The same where that would be too short to tell anything.</summary>
    private const double LargestMeasuringShare = 0.06;

    /// <summary>Of the rest, what the passes take: threads end with the block that they are in.</summary>
    private const double PlannedShare = 0.97;

    private static readonly TimeSpan ShortestMeasuring = TimeSpan.FromMilliseconds(150);

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
    /// <param name="smoothedWords">Interactions that the smoothing goes over.</param>
    /// <param name="threads">Training threads.</param>
    /// <param name="measure">Trains with a dimension for a time and says the interactions per second; its result is thrown away.</param>
    public static TrainingPlan Fit(TrainingOptions options, int minimumDimension, long words, long smoothedWords, int threads, Func<int, TimeSpan, double> measure)
    {
        var budget = TimeSpan.FromSeconds(options.MaximumSeconds);
        var probe = budget * Math.Clamp(ShortestMeasuring / budget, MeasuringShare, LargestMeasuringShare);
        var smoothing = TimeSpan.FromSeconds(smoothedWords * Math.Ceiling(options.Dimension / 16.0) * SmoothingSeconds / threads);
        bool smooths = options.Smoothing > 0 && smoothing <= budget * MostForSmoothing;
        var limit = (budget - probe - (smooths ? smoothing : TimeSpan.Zero)) * PlannedShare;
        double epochs = measure(options.Dimension, probe) * limit.TotalSeconds / words;
        int dimension = options.Dimension;
        double wanted = Math.Min(EpochsWorthADimension, options.Epochs);
        if (epochs < wanted && dimension > minimumDimension)
        {
            // A step costs nearly in proportion to the dimension, and rows are padded to sixteen floats.
            dimension = Math.Clamp((int)(options.Dimension * epochs / wanted) / 16 * 16, minimumDimension, options.Dimension);
        }

        return new TrainingPlan(options.Epochs, dimension, limit, smooths, Watches: false);
    }
}
