using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>What two generations are compared by: the newest interactions that neither was trained on. Immutable.</summary>
/// <param name="Questions">The questions.</param>
/// <param name="FirstOffset">The first entry of the log that is left out of the training for it.</param>
internal sealed record HeldOutSlice(HeldOut Questions, LogOffset FirstOffset)
{
    // Of what the serving generation does not know the new one learns at least the other half.
    private const double MostOfNew = 0.5;

    // A scan of all items for each query; about ten seconds of one processor.
    private const double MultiplicationsBudget = 4e10;
    private const int FewestQueries = 500;

    /// <summary>Cuts the log by time.</summary>
    /// <param name="log">The model's log.</param>
    /// <param name="through">Where to stop.</param>
    /// <param name="serving">Its interactions may not be asked for.</param>
    /// <param name="options">The model's options.</param>
    /// <param name="cancellationToken">Checked between entries.</param>
    /// <returns>Null where no cut leaves something on both sides.</returns>
    public static HeldOutSlice? Find(InteractionLog log, LogOffset through, GenerationInfo serving, ModelOptions options, CancellationToken cancellationToken)
    {
        if (serving.TrainedOffset >= through) return null;
        var evaluation = EvaluationOf(options, serving);
        IEnumerable<TimedInteraction> Read() => LogInteractions.Read(log, through, serving.TrainedOffset, options, cancellationToken);
        if (TimeCut.Find(Read(), options.Promotion.TestFraction, MostOfNew, evaluation.Seed) is not { } cut) return null;
        var questions = HeldOut.Create(Read, cut, evaluation, cancellationToken);
        var first = through;
        foreach (var entry in log.Scan(log.FirstOffset, through, cancellationToken))
        {
            if (entry.Interaction.EventTimeMs < cut.TimeMs || !options.TrainOn.Include(entry.Interaction)) continue;
            first = entry.Offset;
            break;
        }

        return new HeldOutSlice(questions, first);
    }

    /// <summary>How much is asked of generations of this size.</summary>
    public static EvaluationOptions EvaluationOf(ModelOptions options, GenerationInfo serving)
    {
        var affordable = MultiplicationsBudget / ((double)serving.ItemCount * serving.Dimension);
        var queries = (int)Math.Clamp(affordable, FewestQueries, Math.Max(FewestQueries, options.Promotion.MaximumQueries));
        return new EvaluationOptions
        {
            TestFraction = options.Promotion.TestFraction,
            K = options.Promotion.K,
            MaximumQueries = Math.Min(queries, options.Promotion.MaximumQueries),
            Seed = options.Training.Seed,
        };
    }
}
