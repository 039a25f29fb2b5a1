namespace EmbeddingGrpc.Server.Models.Retraining;

/// <summary>Decides when a model is trained again. Pure.</summary>
internal static class RetrainPolicy
{
    /// <summary>Why it is time to train; null where it is not.</summary>
    /// <param name="options">When.</param>
    /// <param name="trained">Interactions that the newest training saw; 0 before the first.</param>
    /// <param name="durable">Interactions there are.</param>
    /// <param name="sinceLast">How long ago the newest training began, or the daemon started.</param>
    public static string? ReasonToTrain(RetrainOptions options, long trained, long durable, TimeSpan sinceLast)
    {
        var fresh = durable - trained;
        if (fresh <= 0 || sinceLast < options.AtMostEvery) return null;
        if (options.AfterInteractions > 0 && fresh >= options.AfterInteractions) return $"{fresh} new interactions, Retrain.AfterInteractions is {options.AfterInteractions}";
        if (options.AfterFraction > 0 && fresh >= options.AfterFraction * trained)
            return FormattableString.Invariant($"{fresh} new interactions beside {trained}, Retrain.AfterFraction is {options.AfterFraction}");
        return options.Every > TimeSpan.Zero && sinceLast >= options.Every ? $"{sinceLast} since the last training, Retrain.Every is {options.Every}" : null;
    }
}
