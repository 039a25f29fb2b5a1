using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>
/// Says how good a training with given options is: trains on what is before a cut, asks for what follows, and lets popularity and co-occurrence answer
/// the same. Stateless.
/// </summary>
public static class ModelEvaluation
{
    /// <summary>What the trained embeddings are called in the report.</summary>
    public const string Embeddings = "embeddings";

    /// <summary>Makes recommenders to be asked the same as the embeddings, from these; the tables live until the last question.</summary>
    /// <param name="vocabulary">The items in the order of the rows.</param>
    /// <param name="input">W1, [items, dimension].</param>
    /// <param name="output">W2, [items, dimension].</param>
    /// <param name="heldOut">What is asked.</param>
    public delegate IReadOnlyList<IRecommender> RecommendersBeside(Vocabulary vocabulary, VectorTable input, VectorTable? output, HeldOut heldOut);

    // Of the time of one evaluation; training takes by far the most of it.
    private const double ReadShare = 0.1;
    private const double TrainShare = 0.7;

    /// <summary>Trains and evaluates.</summary>
    /// <param name="read">Reads all interactions, the same each time it is called (several times).</param>
    /// <param name="sessionGap">Where a user's sequence is cut into sessions.</param>
    /// <param name="training">How to train.</param>
    /// <param name="options">How to evaluate.</param>
    /// <param name="progress">Told the share done, 0..1.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="beside">What else is asked; null for nothing.</param>
    /// <exception cref="NothingToEvaluateException">The interactions cannot be parted, or one part is too small; says why.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static EvaluationReport Run(
        Func<IEnumerable<TimedInteraction>> read,
        TimeSpan sessionGap,
        TrainingOptions training,
        EvaluationOptions options,
        Action<double>? progress,
        CancellationToken cancellationToken,
        RecommendersBeside? beside = null)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid();
        var cut = TimeCut.Find(read(), options.TestFraction, mostOfTestable: 1, options.Seed)
            ?? throw new NothingToEvaluateException("There are no interactions, or all have the same time: no cut has a past and a future.");
        var heldOut = HeldOut.Create(read, cut, options, cancellationToken);
        if (heldOut.Queries.Count == 0)
        {
            throw new NothingToEvaluateException(
                $"Of the {cut.After} interactions after the cut none is of a user with a history and an item new to the user. Raise the test fraction, or bring more data.");
        }

        var corpus = CorpusBefore(read(), cut, sessionGap, training.MinimumCount, cancellationToken);
        progress?.Invoke(ReadShare);
        using var trained = Train(corpus, training, done => progress?.Invoke(ReadShare + (TrainShare * done)), cancellationToken);
        using var input = VectorTable.FromMatrix(trained.Vectors(VectorSource.Input));
        using var output = trained.HasItemOutputs ? VectorTable.FromMatrix(trained.Vectors(VectorSource.Output)) : null;
        IRecommender[] recommenders =
        [
            new EmbeddingRecommender(Embeddings, corpus.Vocabulary, input, output, [], heldOut, options),
            new PopularityRecommender(heldOut),
            new CooccurrenceRecommender(corpus, heldOut, training.Window, options, cancellationToken),
            .. beside?.Invoke(corpus.Vocabulary, input, output, heldOut) ?? [],
        ];
        return Evaluator.Evaluate(
            heldOut, recommenders, options, done => progress?.Invoke(ReadShare + TrainShare + ((1 - ReadShare - TrainShare) * done)), cancellationToken);
    }

    private static TrainingCorpus CorpusBefore(
        IEnumerable<TimedInteraction> interactions, TimeCut cut, TimeSpan sessionGap, int minimumCount, CancellationToken cancellationToken)
    {
        var sessions = new SessionBuilder(sessionGap);
        foreach (var interaction in interactions)
        {
            if (interaction.EventTimeMs < cut.TimeMs)
            {
                sessions.Add(interaction.UserId, interaction.ItemId, interaction.EventTimeMs, interaction.Weight);
            }
        }

        return sessions.Build(minimumCount, cancellationToken);
    }

    private static TrainedEmbeddings Train(TrainingCorpus corpus, TrainingOptions training, Action<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            return EmbeddingTrainer.Train(corpus, training, new CallbackProgress(progress), cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new NothingToEvaluateException($"What is before the cut cannot be trained on: {e.Message}");
        }
    }

    private sealed class CallbackProgress(Action<double> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value.Fraction);
    }
}
