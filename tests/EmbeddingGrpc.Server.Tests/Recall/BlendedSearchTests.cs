using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>Sessions over a generation of 40 items and a graph that knows 10 more.</summary>
public sealed class BlendedSearchTests : IDisposable
{
    private const int Items = 40;
    private const int NewItems = 10;
    private const int Dimension = 8;

    private static readonly RecallOptions Options = new() { RecencyExponent = 1 };

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
        var score = (2 * Math.Sqrt(Direct(item) / Enumerable.Range(0, all).Max(Direct))) + (4 * Math.Sqrt(Walk(item) / Enumerable.Range(0, all).Max(Walk)));
        if (item >= Items) return score;

        var products = Enumerable.Range(0, Items).Select(to => pulls.Sum(pull => pull.Weight * Product(pull.Item, to)) / pulls.Sum(pull => pull.Weight)).ToArray();
        var mean = products.Average();
        return score + ((products[item] - mean) / Math.Sqrt(products.Average(product => (product - mean) * (product - mean))));
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

    private double Product(int from, int to)
    {
        var input = _lease.Generation.Input[new ItemOrdinal(from)];
        var output = _lease.Generation.Output[new ItemOrdinal(to)];
        double product = 0, squares = 0;
        for (var i = 0; i < Dimension; i++)
        {
            product += input[i] * output[i];
            squares += input[i] * input[i];
        }

        return product / Math.Sqrt(squares);
    }
}
