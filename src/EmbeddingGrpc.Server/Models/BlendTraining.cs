using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// The part of a training that learns what the sources of recall count: from what a sample of users did last, before the vectors learn of it too. One
/// thread.
/// </summary>
/// <param name="options">The model's.</param>
/// <param name="recall">How histories are asked.</param>
/// <param name="events">What users did.</param>
/// <param name="time">The clock.</param>
/// <param name="metrics">Receives the weights.</param>
/// <param name="stopping">Stops it.</param>
internal sealed class BlendTraining(
    ModelOptions options, RecallOptions recall, ModelEvents events, TimeProvider time, Dictionary<string, double> metrics, CancellationToken stopping)
{
    private const string Blended = ", blended";

    // At most one interaction of so many is left out of the first pass.
    private const int InteractionsPerQuestion = 40;

    /// <summary>What to leave out of a first pass over everything; null where nothing can be learned so.</summary>
    /// <param name="through">Where the log ends.</param>
    public BlendQuestions? ToHide(LogOffset through) =>
        // The rows of a tree's W2 are no items: what is left out could not be learned afterwards.
        options.Training.Objective.IsHierarchical() ? null : Draw(long.MinValue, (int)Math.Min(int.MaxValue, through.Value / InteractionsPerQuestion));

    /// <summary>What users did last, where that was at or after a cut; null where it is too little.</summary>
    public BlendQuestions? After(long cutMs) => options.Training.Objective.IsHierarchical() ? null : Draw(cutMs, int.MaxValue);

    /// <summary>Until others are learned, the weights of the generation before.</summary>
    public void Keep(GenerationInfo serving)
    {
        if (BlendMetrics.Read(serving.Metrics) is { } weights) BlendMetrics.Write(weights, metrics);
    }

    /// <summary>Learns the weights with vectors that do not know the answers.</summary>
    /// <param name="candidate">With a W2 of items; stays the caller's.</param>
    /// <param name="questions">What to ask.</param>
    /// <param name="through">Where the log ends.</param>
    public void Learn(GenerationVectors candidate, BlendQuestions questions, LogOffset through)
    {
        using var asked = new AskedVectors(candidate, new Dictionary<string, double>(), events.State.Items);
        var space = asked.SpaceWithout(interaction => questions.Hides(interaction), events, through, options, recall, time, stopping);
        BlendLearner.Learn(space, recall, questions.All, metrics, stopping);
    }

    /// <summary>What both generations recall by all sources, as things were at a cut. Both count the sources as the serving one has learned to.</summary>
    /// <param name="candidate">Named as the vectors alone, and "blended".</param>
    /// <param name="serving">Likewise.</param>
    /// <param name="slice">What is asked.</param>
    /// <param name="through">Where the log ends.</param>
    /// <remarks>
    /// What the candidate itself will learn to count it learns from what follows the cut, which is what is asked here: judged by that it would know the
    /// answers. New items come by the graph.
    /// </remarks>
    public IReadOnlyList<IRecommender> Recommenders(AskedVectors candidate, AskedVectors serving, HeldOutSlice slice, LogOffset through)
    {
        var space = candidate.SpaceWithout(interaction => interaction.EventTimeMs >= slice.Questions.Cut.TimeMs, events, through, options, recall, time, stopping);
        return
        [
            new BlendedRecommender(PromotionGate.Candidate + Blended, space, recall, slice.Questions, stopping),
            new BlendedRecommender(PromotionGate.Serving + Blended, space with { Generation = serving.Generation }, recall, slice.Questions, stopping),
        ];
    }

    /// <summary>The ends of the histories that were left out, to be learned after all.</summary>
    /// <param name="questions">What was left out.</param>
    /// <param name="vocabulary">The items.</param>
    public TrainingCorpus LeftOut(BlendQuestions questions, Vocabulary vocabulary) =>
        TrainingCorpus.Over(vocabulary, questions.All.Select(question => EndOf(question, vocabulary)).Where(session => session.Items.Length > 1));

    private BlendQuestions? Draw(long fromMs, int most)
    {
        if (!recall.Blend.Learn) return null;
        var state = events.State;
        most = Math.Min(most, BlendLearner.Affordable(recall.Blend, state.Items.Count, options.Training.Dimension));
        if (most < BlendLearner.FewestQuestions) return null;
        var drawn = BlendQuestions.Draw(state.Histories, state.Items, options.TrainOn.Include, fromMs, most, options.Training.Seed, stopping);
        return drawn.All.Count < BlendLearner.FewestQuestions ? null : drawn;
    }

    private (int[] Items, float[] Weights) EndOf(BlendQuestion question, Vocabulary vocabulary)
    {
        var (items, weights) = (new List<int>(), new List<float>());
        foreach (var happened in question.Before.TakeLast(options.Training.Window).Append(question.Target))
        {
            var interaction = new Interaction(question.UserId, events.State.Items.IdOf(happened.Item), happened.Type, happened.EventTimeMs, happened.Weight);
            if (!options.TrainOn.Include(interaction) || !vocabulary.TryGetOrdinal(interaction.ItemId, out var ordinal)) continue;
            items.Add(ordinal.Value);
            weights.Add(options.TrainingWeights.Of(interaction));
        }

        return ([.. items], [.. weights]);
    }
}
