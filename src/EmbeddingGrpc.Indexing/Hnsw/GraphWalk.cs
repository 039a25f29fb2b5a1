using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The best-first walk of HNSW (Malkov and Yashunin 2018, algorithm 2) over codes. Reads the graph and the codes, writes only to the scratch;
/// safe beside a writer, and with any link: one that leads beyond the nodes known at the start is not followed.
/// </summary>
/// <typeparam name="TKeys">What near means.</typeparam>
internal static unsafe class GraphWalk<TKeys>
    where TKeys : struct, IWalkKeys
{
    /// <summary>
    /// Candidates expanded at once: their neighbours' codes are fetched from memory side by side. Two, as more go astray on data that exceeds
    /// the caches.
    /// </summary>
    private const int Expansions = 2;

    /// <summary>Walks one layer from a node until no candidate in the pool is left to expand.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="nodes">Nodes of the layer that may be visited.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="start">Node to start from.</param>
    /// <param name="pool">Empty; receives the nearest nodes.</param>
    /// <param name="scratch">Of the calling thread.</param>
    public static void Run(
        GraphLayer layer, int nodes, CodeRows codes, in QueryCode query, int start, ref CandidatePool pool, SearchScratch scratch)
    {
        // The pool stands in for the accepted candidates, of which there are none apart from it.
        Run(layer, nodes, codes, query, start, ref pool, new AdmitAll(), ref pool, scratch);
    }

    /// <summary>Walks as above, and collects apart the nearest nodes among all it saw that may be answered.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="nodes">Nodes of the layer that may be visited.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="query">The query.</param>
    /// <param name="start">Node to start from.</param>
    /// <param name="pool">Empty; receives the nearest nodes, admitted or not: the others lead on.</param>
    /// <param name="admission">Which nodes may be answered.</param>
    /// <param name="accepted">Empty; receives the nearest of these.</param>
    /// <param name="scratch">Of the calling thread.</param>
    public static void Run<TAdmission>(
        GraphLayer layer,
        int nodes,
        CodeRows codes,
        in QueryCode query,
        int start,
        ref CandidatePool pool,
        TAdmission admission,
        ref CandidatePool accepted,
        SearchScratch scratch)
        where TAdmission : struct, IAdmission
    {
        var visited = scratch.Visit(nodes, (Expansions * layer.LinkStride) + 4);
        var marks = visited.Marks;
        var epoch = visited.Epoch;
        var batch = scratch.Batch;
        var degree = layer.Degree;
        var keys = stackalloc int[4];

        marks[start] = epoch;
        var first = CandidatePool.Entry(KeyOf(layer, codes, query, start), start);
        pool.Insert(first);
        if (typeof(TAdmission) != typeof(AdmitAll) && admission.Admits(start)) accepted.Insert(first);
        while (true)
        {
            var expanded = 0;
            var found = 0;
            for (; expanded < Expansions; expanded++)
            {
                var node = pool.Expand();
                if (node < 0) break;
                var links = layer.LinksOf(node);
                for (var i = 0; i < degree && links[i] != GraphLayer.NoLink; i++)
                {
                    // Written first, counted after: whether a node is new is a number here, not a branch that is mispredicted half the time.
                    var next = Math.Min(links[i], (uint)nodes);
                    batch[found] = next;
                    found += marks[next] != epoch ? 1 : 0;
                    marks[next] = epoch;
                }
            }
            if (expanded == 0) break;

            for (var i = 0; i < found; i++) CodeKernels.Prefetch(codes.Row(layer.ItemOf((int)batch[i])), codes.Stride);
            // The last group of four is filled up with its own last node, whose key is then left out.
            for (var i = found; i < found + 4; i++) batch[i] = found > 0 ? batch[found - 1] : 0;

            for (var i = 0; i < found; i += 4)
            {
                Keys4(layer, codes, query, batch + i).Store(keys);
                var count = Math.Min(4, found - i);
                for (var j = 0; j < count; j++)
                {
                    var entry = CandidatePool.Entry(keys[j], (int)batch[i + j]);
                    if (entry < pool.Worst)
                    {
                        pool.Insert(entry);
                        CodeKernels.Prefetch((byte*)layer.LinksOf((int)batch[i + j]), layer.LinkStride * sizeof(uint));
                    }
                    if (typeof(TAdmission) != typeof(AdmitAll) && entry < accepted.Worst && admission.Admits((int)batch[i + j]))
                    {
                        accepted.Insert(entry);
                    }
                }
            }
        }
    }

    /// <summary>Steps to a nearer neighbour for as long as there is one: the way down the upper layers.</summary>
    /// <returns>The node where it ends.</returns>
    public static int Descend(GraphLayer layer, int nodes, CodeRows codes, in QueryCode query, int start)
    {
        var links = stackalloc uint[4];
        var keys = stackalloc int[4];
        var nearest = CandidatePool.Entry(KeyOf(layer, codes, query, start), start);
        while (true)
        {
            var here = CandidatePool.NodeOf(nearest);
            var from = layer.LinksOf(here);
            for (var i = 0; i < layer.Degree && from[i] != GraphLayer.NoLink; i++) CodeKernels.Prefetch(codes.Row(layer.ItemOf(Valid(from[i], nodes, here))), codes.Stride);
            for (var i = 0; i < layer.Degree && from[i] != GraphLayer.NoLink; i += 4)
            {
                // Beyond the last link the node itself stands in: it cannot be nearer than itself.
                for (var j = 0; j < 4; j++) links[j] = i + j < layer.Degree ? (uint)Valid(from[i + j], nodes, here) : (uint)here;
                Keys4(layer, codes, query, links).Store(keys);
                for (var j = 0; j < 4; j++) nearest = Math.Min(nearest, CandidatePool.Entry(keys[j], (int)links[j]));
            }
            if (CandidatePool.NodeOf(nearest) == here) return here;
        }
    }

    /// <summary>The key of one node.</summary>
    public static int KeyOf(GraphLayer layer, CodeRows codes, in QueryCode query, int node)
    {
        var row = codes.Row(layer.ItemOf(node));
        return TKeys.Key(CodeKernels.Dot(row, query.Pointer, query.Length), row, query, codes.Stride);
    }

    /// <summary>The keys of four nodes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Keys4(GraphLayer layer, CodeRows codes, in QueryCode query, uint* nodes)
    {
        var row0 = codes.Row(layer.ItemOf((int)nodes[0]));
        var row1 = codes.Row(layer.ItemOf((int)nodes[1]));
        var row2 = codes.Row(layer.ItemOf((int)nodes[2]));
        var row3 = codes.Row(layer.ItemOf((int)nodes[3]));
        return TKeys.Keys(CodeKernels.Dot4(row0, row1, row2, row3, query.Pointer, query.Length), row0, row1, row2, row3, query, codes.Stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Valid(uint link, int nodes, int otherwise) => link < (uint)nodes ? (int)link : otherwise;
}
