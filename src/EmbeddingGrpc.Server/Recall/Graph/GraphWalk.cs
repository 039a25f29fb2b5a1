using System.Numerics.Tensors;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Recall.Graph;

/// <summary>
/// Spreads the weights of a query's items over the graph: one step along its connections, and two steps with each step divided by the root of
/// what leaves and of what arrives, so that items that everybody passes carry no weight. Stateless.
/// </summary>
internal static class GraphWalk
{
    // Items lie anywhere in memory, and each would be waited for in its turn: those of so many places on are asked for meanwhile. Nodes first, because
    // only they tell where their edges are.
    private const int NodesAhead = 16;
    private const int EdgesAhead = 4;

    /// <summary>Walks one step from an item of the query.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="item">The item.</param>
    /// <param name="weight">How strongly it pulls.</param>
    /// <param name="scratch">Receives what is reached: connections as they are, and divided as the first step of a walk.</param>
    /// <returns>False for an item without connections.</returns>
    public static bool StepFrom(ItemGraph graph, ItemKey item, float weight, GraphScratch scratch)
    {
        var connections = scratch.Connections(graph.MaximumEdges);
        if (!graph.TryRead(item, connections) || !(connections.Out > 0)) return false;
        scratch.Scores.AddDirect(connections.Items, connections.Weights, weight);
        scratch.FirstSteps.AddDirect(connections.Items, connections.Weights, weight / MathF.Sqrt(connections.Out));
        return connections.Count > 0;
    }

    /// <summary>Divides the first steps by what arrives. What they reached lies at the same places of both scores.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="scratch">Holds the first steps.</param>
    public static void Arrive(ItemGraph graph, GraphScratch scratch)
    {
        var (first, scores) = (scratch.FirstSteps, scratch.Scores);
        var arriving = scratch.Signals(first.Count);
        graph.ReadArriving(first.Keys, arriving);
        var steps = scores.Steps;
        for (var place = 0; place < arriving.Length; place++) steps[place] = arriving[place] > 0 ? first.Direct[place] / MathF.Sqrt(arriving[place]) : 0;
    }

    /// <summary>Walks the second step from where the first one arrived.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="mostNodes">Items that are walked on from, the ones that were reached with most weight.</param>
    /// <param name="mostEdges">Connections of each that are followed, the heaviest ones.</param>
    /// <param name="scratch">Holds the first steps; receives the walks.</param>
    public static void StepOn(ItemGraph graph, int mostNodes, int mostEdges, GraphScratch scratch)
    {
        var (first, scores) = (scratch.FirstSteps, scratch.Scores);
        var going = GoingOn(scores, first.Count, mostNodes, scratch);
        var connections = scratch.Connections(Math.Min(mostEdges, graph.MaximumEdges));
        for (var i = 0; i < Math.Min(NodesAhead, going.Length); i++) graph.WillReadTotals(first.KeyAt(going[i]));
        for (var i = 0; i < going.Length; i++)
        {
            if (i + NodesAhead < going.Length) graph.WillReadTotals(first.KeyAt(going[i + NodesAhead]));
            if (i + EdgesAhead < going.Length) graph.WillRead(first.KeyAt(going[i + EdgesAhead]), connections.Capacity);
            // Before the walk adds what it reaches, which may move the column.
            var arrived = scores.Steps[going[i]];
            if (!graph.TryRead(first.KeyAt(going[i]), connections) || !(connections.Out > 0)) continue;
            var onward = arrived / MathF.Sqrt(connections.Out);
            first.Walk[going[i]] = onward;
            scores.AddWalk(connections.Items, connections.Weights, onward);
        }

        var arriving = scratch.Signals(scores.Count);
        graph.ReadArriving(scores.Keys, arriving);
        // Nothing is known to arrive where nothing was reached in two steps: then there is nothing to be divided.
        foreach (ref var weight in arriving)
            if (!(weight > 0))
                weight = 1;
        TensorPrimitives.Sqrt(arriving, arriving);
        TensorPrimitives.Divide(scores.Walk, arriving, scores.Walk);
    }

    /// <summary>The places of the items that walks go on from.</summary>
    private static ReadOnlySpan<int> GoingOn(GraphScores scores, int count, int most, GraphScratch scratch)
    {
        var steps = scores.Steps[..count];
        var least = scratch.Threshold(steps, most);
        var places = scratch.Places(count);
        var kept = 0;
        for (var place = 0; place < count; place++)
            if (steps[place] > 0 && steps[place] >= least)
                places[kept++] = place;
        return places[..kept];
    }
}
