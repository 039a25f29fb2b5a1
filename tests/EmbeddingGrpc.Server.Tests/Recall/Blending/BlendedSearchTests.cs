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

/// <summary>Sessions over a generation of 40 items and a graph that knows 10 more.</summary>
public sealed class BlendedSearchTests : IDisposable
{
    private const int Items = 40;
    private const int NewItems = 10;
    private const int Dimension = 8;

    private static readonly RecallOptions Options = new()
    {
        RecencyExponent = 1,
        Blend = new BlendOptions { Embedding = 1, Similarity = 0.5, Connections = 2, Steps = 1.5, Walks = 4, Popularity = 0 },
    };

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;
    private readonly ItemGraph _graph = new(new ItemGraphOptions { Window = 4 });
    private readonly RecallEngine _engine = new(Options);

    public BlendedSearchTests()
    {
        for (var item = 0; item < Items + NewItems; item++) _keys.GetOrAdd($"item-{item}");
        _store.Publish(new Generation(TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric)), _keys));
        _store.TryLease(out _lease);
        var random = new Random(11);
        for (var i = 0; i < 200; i++)
        {
            var history = Enumerable.Range(0, 4).Select(_ => View(random.Next(Items + NewItems))).ToArray();
            _graph.Apply(View(random.Next(Items + NewItems)), history, [], 5, new LogOffset(i));
        }
    }

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void Search_Session_IsTheWeightedSumOfItsSources()
    {
        var found = Search(Session(3, 9));

        var expected = Enumerable.Range(0, Items + NewItems).Where(item => item is not (3 or 9)).Select(item => (item, Score: Score(item, (9, 1), (3, 0.5))))
            .OrderByDescending(candidate => candidate.Score).Take(found.Length).ToArray();
        Assert.Equal(10, found.Length);
        for (var i = 0; i < found.Length; i++)
        {
            Assert.Equal(expected[i].Score, found[i].Score, 2e-3);
            Assert.Equal(Score(ItemOf(found[i]), (9, 1), (3, 0.5)), found[i].Score, 2e-3);
        }
    }

    [Theory]
    [InlineData(RecallSources.Embedding)]
    [InlineData(RecallSources.Graph)]
    [InlineData(RecallSources.Popular)]
    [InlineData(RecallSources.Graph | RecallSources.Popular)]
    public void Search_ChosenSources_NoOtherBringsAnything(RecallSources sources)
    {
        var found = Search(Session(3, 9), query => query with { Sources = sources, K = Items });

        Assert.NotEmpty(found);
        Assert.All(found, candidate => Assert.Equal(candidate.Sources, candidate.Sources & sources));
        Assert.Equal(found.Length, found.DistinctBy(ItemOf).Count());
    }

    [Fact]
    public void Search_ItemNewerThanTheGeneration_IsAnsweredAndAnswers()
    {
        Assert.Contains(Search(Session(3, 9), query => query with { K = Items + NewItems }), candidate => !candidate.Item.IsInGeneration);

        var found = Search(Session(Items + 1));
        Assert.NotEmpty(found);
        Assert.DoesNotContain(found, candidate => ItemOf(candidate) == Items + 1);
        Assert.Contains(found, candidate => candidate.Sources == RecallSources.Graph);
    }

    [Theory]
    [InlineData(RecallSources.All)]
    [InlineData(RecallSources.Embedding)]
    [InlineData(RecallSources.Graph)]
    public void Search_Explained_ContributionsSumToTheScores(RecallSources sources)
    {
        var query = new RecallQuery { Subject = Session(3, 9, Items + 2, 20), K = 20, Sources = sources, Explain = true };
        var result = _engine.Search(Space, query, [], TestContext.Current.CancellationToken);

        Assert.Equal(4, result.Pulls.Length);
        Assert.NotEqual(0, result.Candidates.Length);
        for (var candidate = 0; candidate < result.Candidates.Length; candidate++)
        {
            if (result.Candidates[candidate].Sources == RecallSources.Popular) continue;
            var sum = 0f;
            foreach (var contribution in result.Contributions.Slice(candidate * 4, 4)) sum += contribution;
            Assert.Equal(result.Candidates[candidate].Score, sum, 1e-3f);
        }
    }

    [Fact]
    public void Search_ExplainedFromTheGraph_NamesTheItemThatLeadsThere()
    {
        var graph = new ItemGraph(new ItemGraphOptions());
        graph.Apply(View(5), [View(3)], [], 2, new LogOffset(0));
        graph.Apply(View(6), [View(9)], [], 2, new LogOffset(1));
        var query = new RecallQuery { Subject = Session(3, 9), Sources = RecallSources.Graph, Explain = true };
        var result = _engine.Search(new RecallSpace(_lease.Generation, _keys, graph), query, [], TestContext.Current.CancellationToken);

        // Newest first: 9 leads to 6, 3 to 5.
        Assert.Equal([6, 5], result.Candidates.ToArray().Select(ItemOf));
        Assert.Equal(result.Candidates[0].Score, result.Contributions[0], 1e-5f);
        Assert.Equal(result.Candidates[1].Score, result.Contributions[3], 1e-5f);
        Assert.Equal((0, 0), (result.Contributions[1], result.Contributions[2]));
    }

    [Fact]
    public void Search_PopularityWeighed_CountsWithItsLogarithmAndIsExplained()
    {
        var counters = new ItemCounters(TimeSpan.FromDays(7));
        for (var i = 0; i < 100; i++) counters.Apply(View(25), new LogOffset(i));
        for (var i = 0; i < 9; i++) counters.Apply(View(26), new LogOffset(100 + i));
        var space = Space with { Popularity = new RecentPopularity(counters, _ => 1, TimeProvider.System) };
        var engine = new RecallEngine(Options with { Blend = Options.Blend with { Popularity = 3 } });
        var query = new RecallQuery { Subject = Session(3, 9), K = Items, Sources = RecallSources.All, Explain = true };
        var plain = Search(Session(3, 9), plain => plain with { K = Items }).ToDictionary(ItemOf, candidate => candidate.Score);

        var result = engine.Search(space, query, [], TestContext.Current.CancellationToken);

        for (var i = 0; i < result.Candidates.Length; i++)
        {
            var item = ItemOf(result.Candidates[i]);
            var expected = item switch { 25 => 3, 26 => 3 * Math.Log(10) / Math.Log(101), _ => 0 };
            if (plain.TryGetValue(item, out var without)) Assert.Equal(without + expected, result.Candidates[i].Score, 1e-3);
            Assert.Equal(result.Candidates[i].Score, result.Contributions[2 * i] + result.Contributions[(2 * i) + 1], 1e-3f);
        }

        Assert.Contains(result.Candidates.ToArray(), candidate => ItemOf(candidate) == 25);
        Assert.Contains(result.Candidates.ToArray(), candidate => ItemOf(candidate) == 26);
    }

    [Fact]
    public void Search_GenerationLearnedThatTheGraphIsUseless_IsTheEmbeddingsAloneUnlessOnlyTheGraphIsAsked()
    {
        var metrics = new Dictionary<string, double>();
        BlendMetrics.Write(new BlendWeights(2, 0, 0, 0, 0, 0), metrics);
        using var store = new GenerationStore();
        store.Publish(new Generation(TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric)) with { Metrics = metrics }, _keys));
        Assert.True(store.TryLease(out var lease));
        using (lease)
        {
            var engine = new RecallEngine(new RecallOptions());
            var space = new RecallSpace(lease.Generation, _keys, _graph);
            RecallCandidate[] Ask(RecallSources sources) =>
                engine.Search(space, new RecallQuery { Subject = Session(3, 9), K = 5, Sources = sources }, [], TestContext.Current.CancellationToken).Candidates.ToArray();

            Assert.All(Ask(RecallSources.All), candidate => Assert.Equal(RecallSources.Embedding, candidate.Sources));
            Assert.All(Ask(RecallSources.Graph), candidate => Assert.Equal(RecallSources.Graph, candidate.Sources));
        }
    }

    private RecallSpace Space => new(_lease.Generation, _keys, _graph);

    private static HistoryEvent View(int item) => new(new ItemKey(item), InteractionType.View, 0, 1);

    private static SessionSubject Session(params int[] items) => new([.. items.Select(item => new SessionEntry($"item-{item}"))]);

    private static int ItemOf(RecallCandidate candidate) => candidate.Item.IsInGeneration ? candidate.Item.Ordinal.Value : candidate.Item.Key.Value;

    private RecallCandidate[] Search(SessionSubject subject, Func<RecallQuery, RecallQuery>? change = null)
    {
        var query = new RecallQuery { Subject = subject };
        return _engine.Search(Space, change?.Invoke(query) ?? query, [], TestContext.Current.CancellationToken).Candidates.ToArray();
    }

    // In double precision, over all items and every connection.
    private double Score(int item, params (int Item, double Weight)[] pulls)
    {
        var all = Items + NewItems;
        var (weights, leaving, arriving) = Matrix(all);
        double Direct(int to) => pulls.Sum(pull => pull.Weight * weights[pull.Item, to]);
        double Walk(int to) => pulls.Sum(pull => pull.Weight * Enumerable.Range(0, all).Sum(
            via => weights[pull.Item, via] / Math.Sqrt(leaving[pull.Item] * arriving[via]) * weights[via, to] / Math.Sqrt(leaving[via] * arriving[to])));
        double Step(int to) => pulls.Sum(pull => pull.Weight * weights[pull.Item, to] / Math.Sqrt(leaving[pull.Item])) / Math.Sqrt(arriving[to] > 0 ? arriving[to] : 1);
        double Share(Func<int, double> value) => Math.Sqrt(value(item) / Enumerable.Range(0, all).Max(value));
        var score = (2 * Share(Direct)) + (1.5 * Share(Step)) + (4 * Share(Walk));
        if (item >= Items) return score;
        var (input, output) = (_lease.Generation.Input, _lease.Generation.Output);
        return score + Deviations(item, input, atUnitLength: false, pulls) + (0.5 * Deviations(item, output, atUnitLength: true, pulls));
    }

    private double Deviations(int item, VectorTable table, bool atUnitLength, (int Item, double Weight)[] pulls)
    {
        var products = Enumerable.Range(0, Items)
            .Select(to => pulls.Sum(pull => pull.Weight * Product(table, pull.Item, to, atUnitLength)) / pulls.Sum(pull => pull.Weight)).ToArray();
        var mean = products.Average();
        return (products[item] - mean) / Math.Sqrt(products.Average(product => (product - mean) * (product - mean)));
    }

    private (double[,] Weights, double[] Leaving, double[] Arriving) Matrix(int count)
    {
        var (weights, leaving, arriving) = (new double[count, count], new double[count], new double[count]);
        var connections = new GraphConnections(count);
        for (var item = 0; item < count; item++)
        {
            if (!_graph.TryRead(new ItemKey(item), connections)) continue;
            (leaving[item], arriving[item]) = (connections.Out, connections.In);
            for (var i = 0; i < connections.Count; i++) weights[item, connections.Items[i]] = connections.Weights[i];
        }

        return (weights, leaving, arriving);
    }

    private double Product(VectorTable table, int from, int to, bool atUnitLength)
    {
        var (row, output) = (table[new ItemOrdinal(from)].ToArray(), _lease.Generation.Output[new ItemOrdinal(to)].ToArray());
        var product = row.Zip(output, static (a, b) => (double)a * b).Sum() / Norm(row);
        return atUnitLength ? product / Norm(output) : product;

        static double Norm(float[] values) => Math.Sqrt(values.Sum(value => (double)value * value));
    }
}
