namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Makes every node of layer 0 reachable from the entry. Choosing links drops others, and a node can lose the last link that leads to it;
/// the heuristic alone promises nothing.
/// </summary>
/// <remarks>
/// A breadth-first search from the entry gives a tree: for every node the one that led to it. A link that is not part of the tree can be
/// replaced without cutting anything off. So every node that was not reached gets a link from a near reached one, in a free place or in
/// that of a link which is not part of the tree.
/// </remarks>
internal static unsafe class Reachability<TKeys>
    where TKeys : struct, IWalkKeys
{
    private const int Unreached = -1;

    /// <summary>Links what cannot be reached.</summary>
    /// <param name="graph">No one may write to it meanwhile.</param>
    /// <param name="count">Nodes of layer 0.</param>
    /// <param name="ef">Size of the candidate pool in the search for near nodes.</param>
    /// <returns>How many links were added.</returns>
    public static int Repair(HnswGraph graph, int count, int ef)
    {
        if (count == 0) return 0;
        var layer = graph.Layers[0];
        var parents = new int[count];
        Array.Fill(parents, Unreached);
        var queue = new int[count];
        var reached = Spread(layer, count, graph.EntryItem, graph.EntryItem, parents, queue);
        if (reached == count) return 0;

        using var scratch = new SearchScratch(graph.Codes.Stride, graph.Codes.Stride);
        var added = 0;
        for (var node = 0; node < count; node++)
        {
            if (parents[node] != Unreached) continue;
            var query = graph.Codec.CodesAsQuery(graph.Codes.Row(node), scratch.QueryCodes);
            var pool = scratch.Candidates(ef);
            GraphWalk<TKeys>.Run(layer, count, graph.Codes, query, graph.EntryItem, ref pool, scratch);
            var from = LinkFromNear(layer, pool, node, parents);
            // Every near node may lead to others with all its links. A leaf of the tree leads to none, and there is always one.
            for (var other = 0; from < 0; other++)
            {
                if (parents[other] != Unreached && TryLink(layer, other, node, parents)) from = other;
            }
            added++;
            Spread(layer, count, node, from, parents, queue);
        }
        return added;
    }

    /// <summary>Marks what can be reached from a node.</summary>
    /// <returns>How many nodes were reached for the first time.</returns>
    private static int Spread(GraphLayer layer, int count, int start, int parent, int[] parents, int[] queue)
    {
        int head = 0, tail = 0;
        parents[start] = parent;
        queue[tail++] = start;
        while (head < tail)
        {
            var node = queue[head++];
            var links = layer.LinksOf(node);
            for (var i = 0; i < layer.Degree && links[i] != GraphLayer.NoLink; i++)
            {
                var next = (int)links[i];
                if ((uint)next >= (uint)count || parents[next] != Unreached) continue;
                parents[next] = node;
                queue[tail++] = next;
            }
        }
        return tail;
    }

    private static int LinkFromNear(GraphLayer layer, in CandidatePool pool, int node, int[] parents)
    {
        for (var i = 0; i < pool.Count; i++)
        {
            var near = pool.NodeAt(i);
            if (parents[near] != Unreached && TryLink(layer, near, node, parents)) return near;
        }
        return -1;
    }

    private static bool TryLink(GraphLayer layer, int from, int to, int[] parents)
    {
        if (GraphLinks.TryAdd(layer, from, to)) return true;
        var links = layer.LinksOf(from);
        // The last are the farthest where the heuristic chose, and the newest otherwise.
        for (var i = layer.Degree - 1; i >= 0; i--)
        {
            if (parents[links[i]] == from) continue;
            Volatile.Write(ref links[i], (uint)to);
            return true;
        }
        return false;
    }
}
