using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// Learns what each signal of a candidate is worth to one model: asks sources that do not know what users did last for it, and fits weights to what
/// they find. Stateless; one thread.
/// </summary>
internal static class BlendLearner
{
    /// <summary>Questions below which nothing is learned.</summary>
    public const int FewestQuestions = 100;

    // A scan of all items for each question; a few seconds of one processor.
    private const double MultiplicationsBudget = 2e10;
    private const int FewestAffordable = 500;
    private const int K = 10;

    /// <summary>Questions that can be asked of so many items in time.</summary>
    /// <param name="options">How many at most.</param>
    /// <param name="items">Items.</param>
    /// <param name="dimension">Floats of a vector.</param>
    public static int Affordable(BlendOptions options, int items, int dimension) =>
        Math.Min(options.LearningUsers, (int)Math.Clamp(MultiplicationsBudget / (Math.Max(1.0, items) * dimension), FewestAffordable, options.LearningUsers));

    /// <summary>Learns.</summary>
    /// <param name="space">A generation that was not trained on the answers, and a graph without them.</param>
    /// <param name="options">How histories are asked.</param>
    /// <param name="questions">What to ask.</param>
    /// <param name="metrics">Receives the weights and how good they are; nothing where too little can be learned from.</param>
    /// <param name="cancellationToken">Checked between questions.</param>
    public static void Learn(
        in RecallSpace space, RecallOptions options, IReadOnlyList<BlendQuestion> questions, IDictionary<string, double> metrics, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        if (questions.Count < FewestQuestions) return;
        var examples = Ask(space, options, questions, cancellationToken);
        var weights = BlendFit.Run(examples, BlendWeights.Default, cancellationToken);
        BlendMetrics.Write(weights, metrics);
        metrics[BlendMetrics.Questions] = questions.Count;
        metrics[BlendMetrics.Reached] = Share(examples.Count);
        metrics[BlendMetrics.HitRateAt10] = Share(examples.Hits(weights, K));
        metrics[BlendMetrics.EmbeddingHitRateAt10] = Share(examples.Hits(new BlendWeights(1, 0, 0, 0, 0, 0), K));
        metrics[BlendMetrics.GraphHitRateAt10] = Share(examples.Hits(BlendWeights.Default with { Embedding = 0, Similarity = 0, Popularity = 0 }, K));
        metrics[BlendMetrics.Seconds] = Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 3);

        double Share(double count) => Math.Round(count / questions.Count, 5);
    }

    /// <summary>What the sources find for each question.</summary>
    internal static BlendExamples Ask(in RecallSpace space, RecallOptions options, IReadOnlyList<BlendQuestion> questions, CancellationToken cancellationToken)
    {
        var (pulls, search) = (new PullCollector(options), new BlendedSearch(options.Blend));
        var examples = new BlendExamples();
        var scratch = RecallScratch.Current;
        scratch.Signals = [];
        try
        {
            foreach (var question in questions)
            {
                cancellationToken.ThrowIfCancellationRequested();
                scratch.Reset();
                var query = new RecallQuery { Subject = new UserSubject(question.UserId), ExcludeSeen = true };
                pulls.FromHistory(space, question.Before, query, scratch);
                search.Gather(space, query, BlendWeights.Default, scratch, cancellationToken);
                var right = scratch.Candidates.FindIndex(IsRight(space.IdOf(question.Target.Item)));
                if (right >= 0) examples.Add(CollectionsMarshal.AsSpan(scratch.Signals), right);
            }

            return examples;
        }
        finally
        {
            scratch.Signals = null;
        }
    }

    private static Predicate<RecallCandidate> IsRight(CandidateId target) => candidate => candidate.Item == target;
}
