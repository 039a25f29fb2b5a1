using System.Numerics.Tensors;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Tests.Models;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>What a request asks for it gets, from indexes that were calibrated when the generation was made.</summary>
public sealed class TargetRecallTests : IClassFixture<TargetRecallTests.Calibrated>
{
    private const int Items = 8000;
    private const int Dimension = 24;
    private const int Queries = 300;

    private readonly Generation _generation;
    private readonly ItemKeys _keys;
    private readonly RecallSpace _space;
    private readonly RecallEngine _engine = new(new RecallOptions { Blend = new BlendOptions { Embedding = 1, Similarity = 0 } });

    public TargetRecallTests(Calibrated calibrated)
    {
        (_generation, _keys) = (calibrated.Generation, calibrated.Keys);
        _space = new RecallSpace(_generation, _keys, new ItemGraph(new ItemGraphOptions()));
    }

    public static TheoryData<double> Targets => [0.8, 0.9, 0.95, 0.99, 0.999, 1];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Search_SimilarItems_FindsAsManyAsAskedFor(double target)
    {
        var recall = Recall(target, _generation.ScanSimilar, (item, random) => new ItemSubject($"item-{item}"));

        AssertMeets(target, recall);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Search_NextItemsOfASession_FindsAsManyAsAskedFor(double target)
    {
        // As a session is: most of its items are alike.
        var recall = Recall(target, _generation.ScanNext, (item, random) => new SessionSubject(
            [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => new SessionEntry($"item-{(item + (random.Next(4) * Calibrated.Clusters)) % Items}"))]));

        AssertMeets(target, recall);
    }

    [Theory]
    [InlineData(0.8, 2)]
    [InlineData(0.95, 2)]
    [InlineData(0.99, 2)]
    [InlineData(0.95, 10)]
    [InlineData(0.95, 1000)]
    [InlineData(1, 2)]
    public void Search_Filtered_FindsAsManyAsAskedForOfWhatFits(double target, int keepOneOf)
    {
        var recall = Recall(target, _generation.ScanSimilar, (item, _) => new ItemSubject($"item-{item}"), keepOneOf);

        AssertMeets(target, recall);
    }

    [Fact]
    public void Search_HigherTarget_TakesAWiderWalk()
    {
        var recalls = Targets.Select(target => Recall(target.Data, _generation.ScanSimilar, (item, _) => new ItemSubject($"item-{item}"))).ToArray();

        // The graph is thin on purpose: a test where every walk finds everything would prove nothing.
        Assert.InRange(recalls[0], 0.78, 0.97);
        Assert.True(recalls[0] < recalls[2] && recalls[2] < recalls[^1]);
        Assert.Equal(1, recalls[^1]);
    }

    // The sample of queries errs: two standard errors of 300 queries of ten.
    private static void AssertMeets(double target, double recall) => Assert.InRange(recall, target == 1 ? 1 : target - (2 * Math.Sqrt(target * (1 - target) * 2 / (Queries * 10))), 1);

    private double Recall(double target, IndexSearch.ExactScan scan, Func<int, Random, RecallSubject> subject, int keepOneOf = 1)
    {
        var random = new Random(5);
        double found = 0;
        var truth = new Neighbor[10 + 8];
        for (var number = 0; number < Queries; number++)
        {
            var query = new RecallQuery { Subject = subject(random.Next(Items), random), Sources = RecallSources.Embedding, K = 10, TargetRecall = target, IncludeQueryItems = true };
            var vector = QueryOf(query.Subject);
            var filter = keepOneOf == 1 ? null : new OneOf(keepOneOf);
            var right = scan(vector, new SearchParameters(10, Filter: filter), truth, TestContext.Current.CancellationToken);
            var bound = truth[right - 1].Score - (1e-5f * Math.Max(1, Math.Abs(truth[right - 1].Score)));
            if (filter is null)
            {
                var answer = _engine.Search(_space, query, [], TestContext.Current.CancellationToken);
                Assert.Equal(10, answer.Candidates.Length);
                var near = 0;
                foreach (var candidate in answer.Candidates) near += ScoreOf(query.Subject, vector, candidate.Item.Ordinal) >= bound ? 1 : 0;
                found += Math.Min(near, right) / (double)right;
            }
            else
            {
                var results = new Neighbor[10];
                var count = _generation.Similar.Search(vector, new SearchParameters(10, Filter: filter, TargetRecall: target), results, TestContext.Current.CancellationToken);
                Assert.Equal(right, count);
                found += Math.Min(results.Count(neighbor => neighbor.Score >= bound), right) / (double)right;
            }
        }

        return found / Queries;
    }

    private float ScoreOf(RecallSubject subject, float[] vector, ItemOrdinal item)
    {
        var product = TensorPrimitives.Dot(vector, subject is ItemSubject ? _generation.SimilarityOf(item) : _generation.OutputOf(item));
        return subject is ItemSubject
            ? product / (TensorPrimitives.Norm(vector) * TensorPrimitives.Norm(_generation.SimilarityOf(item)))
            : product;
    }

    /// <summary>The vector that the engine searches with.</summary>
    private float[] QueryOf(RecallSubject subject)
    {
        var vector = new float[Dimension];
        if (subject is ItemSubject item)
        {
            Assert.True(_generation.TryGetOrdinal(item.ItemId, out var ordinal));
            _generation.SimilarityQuery(ordinal, vector);
            return vector;
        }

        var distinct = ((SessionSubject)subject).Items.Select(entry => entry.ItemId).Reverse().Distinct().ToArray();
        var weights = distinct.Select((_, place) => (float)Math.Pow(place + 1, -new RecallOptions { Blend = new BlendOptions { Embedding = 1, Similarity = 0 } }.RecencyExponent)).ToArray();
        for (var place = 0; place < distinct.Length; place++)
        {
            Assert.True(_generation.TryGetOrdinal(distinct[place], out var ordinal));
            var row = _generation.InputOf(ordinal);
            TensorPrimitives.MultiplyAdd(row, weights[place] / TensorPrimitives.Norm(row), vector, vector);
        }

        TensorPrimitives.Divide(vector, weights.Sum(), vector);
        return vector;
    }

    private sealed class OneOf(int number) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => item.Value % number == 0;
    }

    /// <summary>A generation as a training makes it, over clustered vectors and with thin graphs.</summary>
    public sealed class Calibrated : IDisposable
    {
        public const int Clusters = 400;

        public Calibrated()
        {
            var options = new ModelOptions { Index = new HnswOptions { M = 4, EfConstruction = 16, BuildThreads = 1 } };
            var vectors = new GenerationVectors(
                Vocabulary.Create(Enumerable.Range(0, Items).Select(item => ($"item-{item}", (long)Items - item))), Clustered(seed: 1), Clustered(seed: 2), Similarity: null);
            var origin = new GenerationOrigin(new LogOffset(1), DateTimeOffset.UnixEpoch, new Dictionary<string, double>(), new Dictionary<string, string>(), PromotionReport.Unopposed("Made for tests."));
            var parts = new GenerationBuilder("m", options).Build(vectors, origin, _ => { }, TestContext.Current.CancellationToken);
            Generation = new Generation(parts, Keys);
        }

        public ItemKeys Keys { get; } = new();

        public Generation Generation { get; }

        public void Dispose() => Generation.Release();

        // Item i is of cluster i mod Clusters in both tables.
        private static VectorTable Clustered(int seed)
        {
            using var centers = TestGenerations.Vectors(Clusters, Dimension, seed);
            using var noise = TestGenerations.Vectors(Items, Dimension, seed + 10);
            var rows = new EmbeddingMatrix(Items, Dimension);
            for (var item = 0; item < Items; item++)
            {
                var row = rows[new ItemOrdinal(item)];
                TensorPrimitives.MultiplyAdd(noise[new ItemOrdinal(item)], 0.8f, centers[new ItemOrdinal(item % Clusters)], row);
            }

            return VectorTable.FromMatrix(rows);
        }
    }
}
