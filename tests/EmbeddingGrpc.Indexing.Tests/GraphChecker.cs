using EmbeddingGrpc.Indexing.Hnsw;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>States what must hold of every graph: valid links, degrees within bounds, every live item reachable from the entry on layer 0.</summary>
internal static class GraphChecker
{
    public static void AssertSound(HnswIndex index)
    {
        var graph = index.Graph;
        foreach (var layer in graph.Layers) AssertLinks(layer);
        for (var i = 1; i < graph.Layers.Length; i++) AssertNodes(graph.Layers[i], graph.Layers[i - 1]);
        if (index.Count == 0) return;
        Assert.InRange(graph.Entry, 0, graph.Layers[^1].Count - 1);
        var reached = Reachable(graph);
        Assert.DoesNotContain(Enumerable.Range(0, index.Items), item => !reached[item] && !index.Deleted.Contains(item));
    }

    /// <summary>Takes away every link that leads to these items, as damage would.</summary>
    public static void CutOff(HnswIndex index, IReadOnlyCollection<int> items)
    {
        var lost = items.Select(item => (uint)item).ToHashSet();
        var ground = index.Graph.Ground;
        for (var node = 0; node < ground.Count; node++) ground.Replace(node, [.. ground.LinkSpan(node).ToArray().Where(link => !lost.Contains(link))]);
    }

    private static void AssertLinks(GraphLayer layer)
    {
        for (var node = 0; node < layer.Count; node++)
        {
            var links = layer.LinkSpan(node).ToArray();
            if (links.Any(link => link >= (uint)layer.Count || link == (uint)node) || links.Distinct().Count() != links.Length)
            {
                Assert.Fail($"Node {node} of {layer.Count} of layer {layer.Level} has links to {string.Join(", ", links)}.");
            }
        }
    }

    private static void AssertNodes(GraphLayer layer, GraphLayer below)
    {
        for (var node = 0; node < layer.Count; node++) Assert.Equal(layer.ItemOf(node), below.ItemOf(layer.Below(node)));
        Assert.Equal(layer.Count, Enumerable.Range(0, layer.Count).Select(layer.ItemOf).Distinct().Count());
    }

    private static bool[] Reachable(HnswGraph graph)
    {
        var reached = new bool[graph.Ground.Count];
        var open = new Stack<int>([graph.EntryItem]);
        reached[graph.EntryItem] = true;
        while (open.TryPop(out var node))
        {
            foreach (var link in graph.Ground.LinkSpan(node))
            {
                if (reached[link]) continue;
                reached[link] = true;
                open.Push((int)link);
            }
        }
        return reached;
    }
}
