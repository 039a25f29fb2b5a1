using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Training;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Beside the vectors of an evaluation, what a recall would make of them: all sources together, as things were at the cut. Used once; disposed after it.</summary>
/// <remarks>The sources count what they do by default: what a generation has learned of that it may have learned from what is asked here.</remarks>
internal sealed class BlendedEvaluation(ModelEvents events, LogOffset through, ModelOptions options, RecallOptions recall, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>What it is called in the report.</summary>
    public const string Name = "blended";

    private AskedVectors? _asked;

    /// <summary>The recommender; none where W2 rows are no items, and the sources have nothing to add up.</summary>
    public IReadOnlyList<IRecommender> Beside(Vocabulary vocabulary, VectorTable input, VectorTable? output, HeldOut heldOut)
    {
        if (output is null) return [];
        _asked = new AskedVectors(new GenerationVectors(vocabulary, input, output, Similarity: null), new Dictionary<string, double>(), events.State.Items);
        var space = _asked.SpaceWithout(
            interaction => interaction.EventTimeMs >= heldOut.Cut.TimeMs, events, through, options, recall, TimeProvider.System, cancellationToken);
        return [new BlendedRecommender(Name, space, recall, heldOut, cancellationToken)];
    }

    /// <inheritdoc/>
    public void Dispose() => _asked?.Dispose();
}
