using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall.Blending;

/// <summary>Users who walk from item to item by one step, asked for the last; either the vectors or the graph know the way, or nobody does.</summary>
public sealed class BlendLearnerTests : IDisposable
{
    private const int Items = 400;
    private const int Users = 600;
    private const int Dimension = 32;

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly BlendQuestion[] _questions;
    private GenerationLease? _lease;

    public BlendLearnerTests()
    {
        for (var item = 0; item < Items; item++) _keys.GetOrAdd($"item-{item}");
        var random = new Random(3);
        _questions = [.. Enumerable.Range(0, Users).Select(user =>
        {
            var start = random.Next(Items);
            HistoryEvent[] walk = [.. Enumerable.Range(0, 5).Select(step => View((start + step) % Items, step))];
            return new BlendQuestion($"user-{user}", walk[..4], walk[4]);
        })];
    }

    public void Dispose()
    {
        _lease?.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void Learn_TheVectorsKnowTheWayAndTheGraphDoesNot_TheGraphCountsLessThanHalf()
    {
        var found = Learn(Generation(knows: true), Graph(knows: false), out var metrics);

        Assert.True(found.Embedding > 0.5, $"{found}");
        // From 3.2 by default; some hundred answers do not outweigh what is believed without them.
        Assert.InRange(found.Connections + found.Steps + found.Walks, 0, 1.6);
        Assert.True(metrics[BlendMetrics.HitRateAt10] >= 0.9 * metrics[BlendMetrics.EmbeddingHitRateAt10]);
    }

    [Fact]
    public void Learn_TheGraphKnowsTheWayAndTheVectorsDoNot_TheGraphCountsMost()
    {
        var found = Learn(Generation(knows: false), Graph(knows: true), out var metrics);

        Assert.True(found.Connections + found.Steps + found.Walks > 10 * (found.Embedding + found.Similarity), $"{found}");
        Assert.True(metrics[BlendMetrics.HitRateAt10] > 0.9);
        Assert.True(metrics[BlendMetrics.EmbeddingHitRateAt10] < 0.2);
    }

    [Fact]
    public void Learn_TooFewQuestions_WritesNothing()
    {
        var metrics = new Dictionary<string, double>();
        BlendLearner.Learn(
            new RecallSpace(Generation(knows: true), _keys, Graph(knows: true)), new RecallOptions(), _questions[..(BlendLearner.FewestQuestions - 1)], metrics, TestContext.Current.CancellationToken);
        Assert.Empty(metrics);
    }

    private BlendWeights Learn(Generation generation, ItemGraph graph, out Dictionary<string, double> metrics)
    {
        metrics = [];
        BlendLearner.Learn(new RecallSpace(generation, _keys, graph), new RecallOptions(), _questions, metrics, TestContext.Current.CancellationToken);
        return BlendMetrics.Read(metrics)!;
    }

    /// <summary>Random directions; those of W2 are W1's of the item before, where the vectors know the way.</summary>
    private Generation Generation(bool knows)
    {
        var parts = TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric));
        if (knows)
        {
            var matrix = new EmbeddingMatrix(Items, Dimension);
            var random = new Random(17);
            for (var item = 0; item < Items; item++)
            {
                var row = matrix[new ItemOrdinal(item)];
                parts.Input[new ItemOrdinal((item + Items - 1) % Items)].CopyTo(row);
                // Not certain: nothing is learned of the others from answers that are never wrong.
                foreach (ref var value in row) value += 8 * (random.NextSingle() - 0.5f);
            }

            var output = VectorTable.FromMatrix(matrix);
            parts.Next!.Dispose();
            parts.Output!.Dispose();
            parts = parts with { Output = output, Next = new ExactIndex(output, SimilarityMetric.DotProduct) };
        }

        _store.Publish(new Generation(parts, _keys));
        Assert.True(_store.TryLease(out var lease));
        _lease = lease;
        return lease.Generation;
    }

    /// <summary>What other users did: the same walks, or random ones.</summary>
    private static ItemGraph Graph(bool knows)
    {
        var graph = new ItemGraph(new ItemGraphOptions());
        var random = new Random(9);
        for (long offset = 0; offset < 6000; offset++)
        {
            var from = random.Next(Items);
            graph.Apply(View(knows ? (from + 1) % Items : random.Next(Items), 1), [View(from, 0)], [], 2, new LogOffset(offset));
        }

        return graph;
    }

    private static HistoryEvent View(int item, long time) => new(new ItemKey(item), InteractionType.View, time, 1);
}
