using System.Collections;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Makes every live item reachable from the entry on layer 0. Choosing links drops others, and a node can lose the last link that leads to it;
/// the heuristic alone promises nothing.
/// </summary>
internal static unsafe class Reachability<TKeys>
    where TKeys : struct, IWalkKeys
{
    /// <summary>Grows the tree of reachable nodes and links to it what is not in it, each from a node that is near.</summary>
    /// <param name="layer">Layer 0. No one else may write to it meanwhile.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="root">The entry as an item.</param>
    /// <param name="deleted">Items that need not be reached.</param>
    /// <param name="queryOf">Makes a query of an item.</param>
    /// <param name="ef">Size of the candidate pool in the search for near nodes.</param>
    /// <param name="scratch">Of the calling thread.</param>
    /// <param name="added">How many items could not be reached.</param>
    /// <returns>The tree.</returns>
    public static SpanningTree Restore(
        GraphLayer layer, CodeRows codes, int root, ItemBits deleted, Func<int, QueryCode> queryOf, int ef, SearchScratch scratch, out int added)
    {
        var tree = SpanningTree.Grow(layer, root, IndexCapacity.For(layer.Count));
        added = 0;
        var near = new uint[CandidatePool.Rounded(ef)];
        for (var node = 0; node < layer.Count; node++)
        {
            if (tree.Contains(node) || deleted.Contains(node)) continue;
            var pool = scratch.Candidates(ef);
            GraphWalk<TKeys>.Run(layer, layer.Count, codes, queryOf(node), root, ref pool, scratch);
            for (var i = 0; i < pool.Count; i++) near[i] = (uint)pool.NodeAt(i);
            tree.Adopt(node, near.AsSpan(0, pool.Count));
            tree.Spread(node);
            added++;
        }
        return tree;
    }

    /// <summary>Walks through all links for nodes that are not reached. Beside a writer; some whose links it changes meanwhile may be among them without need.</summary>
    /// <param name="layer">Layer 0.</param>
    /// <param name="nodes">Nodes that were complete before.</param>
    /// <param name="root">The entry as an item.</param>
    /// <param name="deleted">Items that need not be reached.</param>
    /// <param name="cancellationToken">Checked now and then.</param>
    public static List<int> FindUnreached(GraphLayer layer, int nodes, int root, ItemBits deleted, CancellationToken cancellationToken)
    {
        const int nodesBetweenChecks = 1 << 14;
        var reached = new BitArray(nodes);
        var open = new Queue<int>();
        reached[root] = true;
        open.Enqueue(root);
        for (var walked = 0; open.TryDequeue(out var node); walked++)
        {
            if (walked % nodesBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            foreach (var link in layer.LinkSpan(node))
            {
                // A node that came since may lead on by now to one that was there before: that one is looked at again.
                if (link >= (uint)nodes || reached[(int)link]) continue;
                reached[(int)link] = true;
                open.Enqueue((int)link);
            }
        }

        var unreached = new List<int>();
        for (var node = 0; node < nodes; node++)
        {
            if (!reached[node] && !deleted.Contains(node)) unreached.Add(node);
        }
        return unreached;
    }
}
