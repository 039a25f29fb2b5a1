using EmbeddingGrpc.Indexing.Hnsw;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>States what must hold of every graph: valid links, degrees within bounds, every node reachable from the entry on layer 0.</summary>
internal static unsafe class GraphChecker
{
    public static void AssertSound(HnswIndex index)
    {
        var graph = index.Graph;
        Assert.Equal(index.Count == 0, graph.Entry < 0);
        foreach (var layer in graph.Layers) AssertLinks(layer);
        if (index.Count > 0) Assert.Empty(Unreachable(graph, index.Count));
    }

    private static void AssertLinks(GraphLayer layer)
    {
        for (var node = 0; node < layer.Count; node++)
        {
            var links = new ReadOnlySpan<uint>(layer.LinksOf(node), layer.LinkStride);
            var count = layer.CountLinks(node);
            Assert.All(links[..count].ToArray(), link => Assert.InRange(link, 0u, (uint)layer.Count - 1));
            Assert.All(links[count..].ToArray(), link => Assert.Equal(GraphLayer.NoLink, link));
            Assert.DoesNotContain((uint)node, links[..count].ToArray());
            Assert.Equal(count, links[..count].ToArray().Distinct().Count());
        }
    }

    /// <summary>Layer-0 nodes that no path of links leads to.</summary>
    public static List<int> Unreachable(HnswGraph graph, int count)
    {
        var reached = new bool[count];
        var open = new Stack<int>([graph.EntryItem]);
        reached[graph.EntryItem] = true;
        while (open.TryPop(out var node))
        {
            for (var i = 0; i < graph.Layers[0].CountLinks(node); i++)
            {
                var next = (int)graph.Layers[0].LinksOf(node)[i];
                if (reached[next]) continue;
                reached[next] = true;
                open.Push(next);
            }
        }
        return [.. Enumerable.Range(0, count).Where(node => !reached[node])];
    }
}
