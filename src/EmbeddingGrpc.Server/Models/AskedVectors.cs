using System.Numerics.Tensors;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Vectors that serve nobody, to be asked as a recall asks, by exact scans. Disposed after the last question; the tables stay their owner's.</summary>
internal sealed class AskedVectors : IDisposable
{
    private readonly ExactIndex _next;
    private readonly ExactIndex _similar;
    private ItemGraph? _replayed;

    /// <summary>Makes them ready.</summary>
    /// <param name="vectors">The tables, with a W2 of items.</param>
    /// <param name="metrics">Say what the sources of recall count; where they do not, the defaults hold.</param>
    /// <param name="items">The model's item keys.</param>
    public AskedVectors(GenerationVectors vectors, IReadOnlyDictionary<string, double> metrics, ItemKeys items)
    {
        _next = new ExactIndex(vectors.ItemOutputs, SimilarityMetric.DotProduct);
        _similar = new ExactIndex(vectors.Similar, SimilarityMetric.Cosine);
        // Never released: the tables are another's, and nothing is folded into it that it would own.
        Generation = new Generation(
            new GenerationParts
            {
                Vocabulary = vectors.Vocabulary,
                Input = vectors.Input,
                Output = vectors.ItemOutputs,
                Similarity = vectors.Similarity,
                Similar = _similar,
                Next = _next,
                Metrics = metrics,
            },
            items);
    }

    /// <summary>Whether vectors can be searched with at all: those of a training that diverged cannot.</summary>
    public static bool CanBeAsked(GenerationVectors vectors)
    {
        for (var row = 0; row < vectors.Input.Rows; row++)
        {
            var item = new ItemOrdinal(row);
            if (!float.IsFinite(TensorPrimitives.SumOfSquares(vectors.Input[item]) + TensorPrimitives.SumOfSquares(vectors.ItemOutputs[item]))) return false;
        }

        return true;
    }

    /// <summary>What is asked.</summary>
    public Generation Generation { get; }

    /// <summary>What they are asked together with: the item graph and what is popular, as these would be without what is hidden.</summary>
    /// <param name="hides">What has not happened yet.</param>
    /// <param name="events">What users did.</param>
    /// <param name="through">Where the log ends.</param>
    /// <param name="options">The model's.</param>
    /// <param name="recall">How histories are asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Checked between interactions.</param>
    /// <returns>Asked before this is disposed; once.</returns>
    public RecallSpace SpaceWithout(
        Predicate<Interaction> hides, ModelEvents events, LogOffset through, ModelOptions options, RecallOptions recall, TimeProvider time, CancellationToken cancellationToken)
    {
        if (_replayed is not null) throw new InvalidOperationException("Vectors are asked as of one moment.");
        (_replayed, var counters) = BlendReplay.Run(events.Log, through, events.State, options, hides, cancellationToken);
        return new RecallSpace(Generation, events.State.Items, _replayed) { Popularity = new RecentPopularity(counters, recall.InteractionWeights.Of, time) };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _replayed?.Dispose();
        _next.Dispose();
        _similar.Dispose();
    }
}
