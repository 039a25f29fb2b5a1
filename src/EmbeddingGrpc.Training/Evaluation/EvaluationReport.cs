namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>How good recommenders are on what users did after a cut. Immutable.</summary>
/// <param name="CutTimeMs">Interactions at or after it were asked for and not trained on.</param>
/// <param name="TrainingInteractions">Interactions before the cut.</param>
/// <param name="TestInteractions">Interactions that could be asked for.</param>
/// <param name="Queries">Queries asked.</param>
/// <param name="Users">Users that they are of.</param>
/// <param name="UnknownTargets">Share of the right answers that nobody could know: items without an interaction before the cut.</param>
/// <param name="K">Length of the lists.</param>
/// <param name="Recommenders">Each recommender's report.</param>
public sealed record EvaluationReport(
    long CutTimeMs,
    long TrainingInteractions,
    long TestInteractions,
    int Queries,
    int Users,
    double UnknownTargets,
    int K,
    IReadOnlyList<RecommenderReport> Recommenders)
{
    /// <summary>Whose query each is.</summary>
    internal int[] UserOfQueries { get; init; } = [];

    /// <summary>By how much the recall of one recommender is above that of another on the same queries.</summary>
    /// <param name="name">The one.</param>
    /// <param name="other">The other.</param>
    /// <param name="seed">Of the resampling.</param>
    public Estimate RecallDifference(string name, string other, ulong seed)
    {
        var (left, right) = (Of(name).RecallOfQueries, Of(other).RecallOfQueries);
        return Bootstrap.Mean([.. left.Zip(right, (one, two) => one - two)], UserOfQueries, seed);
    }

    /// <summary>The report of one recommender.</summary>
    public RecommenderReport Of(string name) => Recommenders.First(report => report.Name == name);
}
