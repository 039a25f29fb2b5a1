using System.Runtime.Intrinsics.X86;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The best-first walk of HNSW (Malkov and Yashunin 2018, algorithm 2) over codes. Reads the graph and the codes, writes only to the scratch;
/// safe beside a writer, and with any link: one that leads beyond the nodes known at the start is not followed.
/// </summary>
/// <remarks>
/// Most of a walk's time is waiting for memory. So three candidates are under way at any time: one was chosen and its links are on their way, another's links are there and
/// the codes of its neighbours are on their way, and the third's neighbours are scored. A candidate is thus chosen without knowing what the last two lead to, which costs little:
/// sooner or later all that stay in the pool are expanded.
/// </remarks>
/// <typeparam name="TKeys">What near means.</typeparam>
internal static unsafe class GraphWalk<TKeys>
    where TKeys : struct, IWalkKeys
{
    /// <summary>Walks one layer from a node until no candidate in the pool is left to expand.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="nodes">Nodes of the layer that may be visited.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="start">Node to start from.</param>
    /// <param name="pool">Empty; receives the nearest nodes.</param>
    /// <param name="scratch">Of the calling thread.</param>
    /// <param name="most">How many of the nearest in the pool are expanded at most: see <see cref="CandidatePool.Expand"/>.</param>
    public static void Run(
        GraphLayer layer, int nodes, CodeRows codes, in QueryCode query, int start, ref CandidatePool pool, SearchScratch scratch, int most = int.MaxValue)
    {
        // The pool stands in for the accepted candidates, of which there are none apart from it.
        Run(layer, nodes, codes, query, start, ref pool, new AdmitAll(), ref pool, scratch, default, most);
    }

    /// <summary>Walks as above, and collects apart the nearest nodes among all it saw that may be answered.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="nodes">Nodes of the layer that may be visited.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="start">Node to start from.</param>
    /// <param name="candidates">Empty; receives the nearest nodes, admitted or not: the others lead on.</param>
    /// <param name="admission">Which nodes may be answered.</param>
    /// <param name="accepted">Empty; receives the nearest of these.</param>
    /// <param name="scratch">Of the calling thread.</param>
    /// <param name="margin">What ends it before the pool is expanded.</param>
    /// <param name="most">As above.</param>
    public static void Run<TAdmission>(
        GraphLayer layer,
        int nodes,
        CodeRows codes,
        in QueryCode query,
        int start,
        ref CandidatePool candidates,
        TAdmission admission,
        ref CandidatePool accepted,
        SearchScratch scratch,
        WalkMargin margin,
        int most = int.MaxValue)
        where TAdmission : struct, IAdmission
    {
        var visited = scratch.Visit(nodes, layer.LinkStride);
        // A copy of its own can live in registers.
        var pool = candidates;
        var keys = scratch.Keys;
        var first = CandidatePool.Entry(KeyOf(layer, codes, query, start), start);
        visited.Log[0] = (uint)start;
        visited.Marks[start >>> 6] |= 1UL << (start & 63);
        pool.Insert(first);
        if (typeof(TAdmission) != typeof(AdmitAll) && admission.Admits(start)) accepted.Insert(first);

        var begin = 1;
        var middle = 1;
        var chosen = pool.Expand(most, long.MaxValue);
        var lastKey = int.MaxValue;
        var farthest = long.MaxValue;
        while (true)
        {
            if (margin.Rank > 0)
            {
                var key = typeof(TAdmission) == typeof(AdmitAll) ? pool.KeyOr(margin.Rank - 1, lastKey) : accepted.KeyOr(margin.Rank - 1, lastKey);
                if (key != lastKey)
                {
                    lastKey = key;
                    farthest = CandidatePool.LastEntry(TKeys.Farther(key, margin.Growth * Math.Max(0, TKeys.Distance(key, query) + query.Origin), query));
                    pool.Drop(farthest);
                }
            }
            var node = pool.Expand(most, farthest);
            if (node >= 0) CodeKernels.Prefetch(layer.LinksOf(node), layer.LinkStride * sizeof(uint));
            // In the log, [begin, middle) is to be scored, [middle, end) is on its way.
            var end = chosen < 0 ? middle : Collect(layer, chosen, (uint)nodes, codes, visited, middle);
            var count = middle - begin;
            if (count > 0)
            {
                var batch = visited.Log + begin;
                TKeys.Compute(codes.Pointer, ItemsOf(layer, batch, count, scratch), count, query, keys);
                for (var i = 0; i < count; i++)
                {
                    var entry = CandidatePool.Entry(keys[i], (int)batch[i]);
                    if (entry < Math.Min(pool.Worst, farthest)) pool.Insert(entry);
                    if (typeof(TAdmission) != typeof(AdmitAll) && entry < accepted.Worst && admission.Admits((int)batch[i]))
                    {
                        accepted.Insert(entry);
                    }
                }
            }
            else if (node < 0 && chosen < 0)
            {
                break;
            }
            begin = middle;
            middle = end;
            chosen = node;
        }
        candidates = pool;
        scratch.Forget(nodes, middle);
    }

    /// <summary>Steps to a nearer neighbour for as long as there is one: the way down the upper layers.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="items">Items that may be visited.</param>
    /// <param name="codes">Their codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="start">Node to start from.</param>
    /// <param name="scratch">Of the calling thread.</param>
    /// <returns>The node where it ends.</returns>
    public static int Descend(GraphLayer layer, int items, CodeRows codes, in QueryCode query, int start, SearchScratch scratch)
    {
        scratch.MakeRoom(layer.LinkStride);
        var nodes = (uint)layer.Count;
        var batch = scratch.Batch;
        var keys = scratch.Keys;
        var nearest = CandidatePool.Entry(KeyOf(layer, codes, query, start), start);
        while (true)
        {
            var here = CandidatePool.NodeOf(nearest);
            var count = 0;
            foreach (var link in layer.LinkSpan(here))
            {
                if (link >= nodes || layer.ItemOf((int)link) >= items) continue;
                batch[count++] = link;
                CodeKernels.Prefetch(codes.Row(layer.ItemOf((int)link)), codes.Stride);
            }
            TKeys.Compute(codes.Pointer, ItemsOf(layer, batch, count, scratch), count, query, keys);
            for (var i = 0; i < count; i++) nearest = Math.Min(nearest, CandidatePool.Entry(keys[i], (int)batch[i]));
            if (CandidatePool.NodeOf(nearest) == here) return here;
        }
    }

    /// <summary>Goes down all upper layers, on each to its nearest node.</summary>
    /// <param name="layers">All layers, the lowest first.</param>
    /// <param name="items">Items that may be visited.</param>
    /// <param name="codes">Their codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="entry">Node of the top layer.</param>
    /// <param name="scratch">Of the calling thread.</param>
    /// <returns>The node of layer 0 where a walk starts.</returns>
    public static int DescendToGround(GraphLayer[] layers, int items, CodeRows codes, in QueryCode query, int entry, SearchScratch scratch)
    {
        var node = entry;
        for (var i = layers.Length - 1; i > 0; i--) node = layers[i].Below(Descend(layers[i], items, codes, query, node, scratch));
        return node;
    }

    /// <summary>Appends a node's neighbours that were not seen before to the log, and asks for their codes.</summary>
    /// <returns>The new end of the log.</returns>
    private static int Collect(GraphLayer layer, int node, uint nodes, CodeRows codes, VisitedMarks visited, int end)
    {
        var links = layer.LinksOf(node);
        var degree = layer.Degree;
        var log = visited.Log;
        var marks = visited.Marks;
        var begin = end;
        for (var i = 0; i < degree && links[i] != GraphLayer.NoLink; i++)
        {
            // Written first, counted after: whether a node is new is a number here, not a branch that is mispredicted half the time. A link
            // beyond the known nodes leads to the one mark after them, which is always set.
            var next = Math.Min(links[i], nodes);
            log[end] = next;
            var word = marks[next >>> 6];
            marks[next >>> 6] = word | (1UL << (int)(next & 63));
            end += (int)(~word >> (int)(next & 63)) & 1;
        }
        if (Sse.IsSupported)
        {
            var rows = codes.Pointer;
            var stride = codes.Stride;
            for (var i = begin; i < end; i++)
            {
                var row = rows + ((long)layer.ItemOf((int)log[i]) * stride);
                for (var at = 0; at < stride; at += 64) Sse.Prefetch0(row + at);
            }
        }
        return end;
    }

    private static int KeyOf(GraphLayer layer, CodeRows codes, in QueryCode query, int node)
    {
        var item = (uint)layer.ItemOf(node);
        var keys = stackalloc int[4];
        TKeys.Compute(codes.Pointer, &item, 1, query, keys);
        return keys[0];
    }

    private static uint* ItemsOf(GraphLayer layer, uint* nodes, int count, SearchScratch scratch)
    {
        if (layer.Nodes is null) return nodes;
        for (var i = 0; i < count; i++) scratch.Items[i] = (uint)layer.Nodes[2 * nodes[i]];
        return scratch.Items;
    }
}
