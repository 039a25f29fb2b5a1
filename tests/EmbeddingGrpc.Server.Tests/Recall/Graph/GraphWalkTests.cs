using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Tests.Recall.Graph;

public sealed class GraphWalkTests : IDisposable
{
    private const int Items = 30;
    private readonly ItemGraph _graph = new(new ItemGraphOptions { Window = 4 });
    private readonly double[,] _weights = new double[Items, Items];
    private readonly double[] _out = new double[Items];
    private readonly double[] _in = new double[Items];
    private readonly GraphScratch _scratch = new();

    public GraphWalkTests()
    {
        var random = new Random(11);
        for (var i = 0; i < 300; i++)
        {
            var history = Enumerable.Range(0, 4).Select(n => View(random.Next(Items), n)).ToArray();
            _graph.Apply(View(random.Next(Items), 5), history, [], 5, new LogOffset(i));
        }

        var connections = new GraphConnections(Items);
        for (var item = 0; item < Items; item++)
        {
            if (!_graph.TryRead(new ItemKey(item), connections)) continue;
            (_out[item], _in[item]) = (connections.Out, connections.In);
            for (var i = 0; i < connections.Count; i++) _weights[item, connections.Items[i]] = connections.Weights[i];
        }
    }

    public void Dispose() => _graph.Dispose();

    [Fact]
    public void Walk_AllEdgesAndItems_IsThePowerOfTheNormalisedMatrix()
    {
        var pulls = new[] { (Item: 3, Weight: 1.0), (Item: 7, Weight: 0.4) };
        foreach (var (item, weight) in pulls) Assert.True(GraphWalk.StepFrom(_graph, new ItemKey(item), (float)weight, _scratch));
        GraphWalk.Arrive(_graph, _scratch);
        GraphWalk.StepOn(_graph, mostNodes: Items, mostEdges: Items, _scratch);

        for (var item = 0; item < Items; item++)
        {
            var direct = pulls.Sum(pull => pull.Weight * _weights[pull.Item, item]);
            var walk = pulls.Sum(pull => pull.Weight * Enumerable.Range(0, Items).Sum(via => Normalised(pull.Item, via) * Normalised(via, item)));
            var place = _scratch.Scores.Find(new ItemKey(item));
            var step = pulls.Sum(pull => pull.Weight * Normalised(pull.Item, item));
            Assert.Equal(direct, place < 0 ? 0 : _scratch.Scores.Direct[place], 1e-4 * (1 + direct));
            Assert.Equal(step, place < 0 ? 0 : _scratch.Scores.Steps[place], 1e-4 * (1 + step));
            Assert.Equal(walk, place < 0 ? 0 : _scratch.Scores.Walk[place], 1e-4 * (1 + walk));
        }
    }

    [Fact]
    public void StepOn_FewItems_GoesOnFromTheHeaviestOnly()
    {
        GraphWalk.StepFrom(_graph, new ItemKey(3), 1, _scratch);
        GraphWalk.Arrive(_graph, _scratch);
        GraphWalk.StepOn(_graph, mostNodes: 2, mostEdges: Items, _scratch);

        var heaviest = Enumerable.Range(0, Items).OrderByDescending(via => Normalised(3, via)).Take(2).ToArray();
        for (var item = 0; item < Items; item++)
        {
            var walk = heaviest.Sum(via => Normalised(3, via) * Normalised(via, item));
            var place = _scratch.Scores.Find(new ItemKey(item));
            Assert.Equal(walk, place < 0 ? 0 : _scratch.Scores.Walk[place], 1e-4);
        }
    }

    [Fact]
    public void StepFrom_ItemWithoutConnections_ReachesNothing()
    {
        Assert.False(GraphWalk.StepFrom(_graph, new ItemKey(1000), 1, _scratch));
        Assert.Equal(0, _scratch.Scores.Count);
    }

    private static HistoryEvent View(int item, long time) => new(new ItemKey(item), InteractionType.View, time, 1);

    private double Normalised(int from, int to) => _weights[from, to] / Math.Sqrt(_out[from] * _in[to]);
}
