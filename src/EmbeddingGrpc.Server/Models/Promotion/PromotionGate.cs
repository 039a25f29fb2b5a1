using System.Globalization;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>Says whether a trained generation is good enough to take the place of the one that serves. Stateless.</summary>
/// <remarks>
/// Both are asked for what users did after a cut in time that neither has seen, and both may answer the items that were seen before the cut: those that
/// the serving generation was not trained on are folded into it as they were when it served, from what came before the cut alone.
/// The vectors alone decide: they are what a training makes, and beside a good item graph a worse table would hardly show. What is served, the blend of
/// all sources, is in the report beside them.
/// </remarks>
internal sealed class PromotionGate(ModelOptions options)
{
    /// <summary>The candidate's vectors in reports.</summary>
    public const string Candidate = "candidate";

    /// <summary>The serving generation's.</summary>
    public const string Serving = "serving";

    /// <summary>Of a generation of which too little could be asked.</summary>
    /// <param name="queries">How much could be.</param>
    /// <param name="serving">What it would have been compared with.</param>
    public PromotionReport Inconclusive(int queries, GenerationInfo serving)
    {
        var serves = options.Promotion.WhenInconclusive == InconclusivePolicy.Promote;
        return new PromotionReport(
            PromotionVerdict.Inconclusive,
            serves,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{queries} questions can be asked of what came since generation {serving.Number}, and Promotion.MinimumQueries are {options.Promotion.MinimumQueries}: ")
            + $"Promotion.WhenInconclusive is {options.Promotion.WhenInconclusive}.",
            serving.IdText);
    }

    /// <summary>Compares.</summary>
    /// <param name="slice">What to ask.</param>
    /// <param name="corpus">What the candidate was trained on.</param>
    /// <param name="candidate">The candidate's vectors.</param>
    /// <param name="serving">The generation that serves, leased by the caller.</param>
    /// <param name="folded">Items that the serving generation was not trained on, as of the cut.</param>
    /// <param name="beside">Whose figures are told besides.</param>
    /// <param name="progress">Told the share done, 0..1.</param>
    /// <param name="cancellationToken">Checked between queries.</param>
    public PromotionReport Judge(
        HeldOutSlice slice,
        TrainingCorpus corpus,
        GenerationVectors candidate,
        Generation serving,
        IReadOnlyList<EvaluatedVector> folded,
        IReadOnlyList<IRecommender> beside,
        Action<double> progress,
        CancellationToken cancellationToken)
    {
        var evaluation = HeldOutSlice.EvaluationOf(options, serving.Info);
        IRecommender[] recommenders =
        [
            new EmbeddingRecommender(Candidate, candidate.Vocabulary, candidate.Input, candidate.Output, [], slice.Questions, evaluation),
            new EmbeddingRecommender(Serving, serving.Vocabulary, serving.Input, serving.Info.PredictsNext ? serving.Output : null, folded, slice.Questions, evaluation),
            new PopularityRecommender(slice.Questions),
            new CooccurrenceRecommender(corpus, slice.Questions, options.Training.Window, evaluation, cancellationToken),
            .. beside,
        ];
        var report = Evaluator.Evaluate(slice.Questions, recommenders, evaluation, progress, cancellationToken);
        var difference = report.RecallDifference(Candidate, Serving, evaluation.Seed);
        var (found, before) = (report.Of(Candidate).All.Recall.Value, report.Of(Serving).All.Recall.Value);

        // Worse by more than is tolerated, and not by chance: of two trainings alike one is always a little better.
        var isWorse = difference.Value < -options.Promotion.Margin * before && difference.Upper < 0;
        var reason = string.Create(
            CultureInfo.InvariantCulture,
            $"recall@{evaluation.K} {found:0.0000} against {before:0.0000} of generation {serving.Number} on {report.Queries} queries of {report.Users} users ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"(difference {difference.Value:+0.0000;-0.0000}, 95% {difference.Lower:+0.0000;-0.0000}..{difference.Upper:+0.0000;-0.0000}): ")
            + (isWorse ? "worse by more than Promotion.Margin." : "not worse.");
        return new PromotionReport(isWorse ? PromotionVerdict.Rejected : PromotionVerdict.Promoted, !isWorse, reason, serving.IdText, difference, report);
    }
}
