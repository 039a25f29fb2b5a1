using System.Runtime.Intrinsics;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The selection heuristic of HNSW (Malkov and Yashunin 2018, algorithm 4, without extension and without keeping what was pruned): a
/// candidate is linked unless a nearer neighbour that is already linked is nearer to it than the node itself. Works on codes.
/// </summary>
internal static unsafe class NeighborSelection<TKeys>
    where TKeys : struct, IWalkKeys
{
    /// <summary>Chooses links among candidates.</summary>
    /// <param name="codec">How rows became codes.</param>
    /// <param name="codes">The items' codes.</param>
    /// <param name="layer">The layer that the candidates are nodes of.</param>
    /// <param name="candidates">Nodes, nearest first.</param>
    /// <param name="distances">Their distances from the node, in half squared Euclidean distance.</param>
    /// <param name="selected">Receives the chosen nodes, nearest first; room for the most there may be and three more.</param>
    /// <param name="most">Links that may be chosen.</param>
    /// <param name="values">[code stride], overwritten.</param>
    /// <returns>How many were chosen.</returns>
    public static int Select(
        Codec codec,
        CodeRows codes,
        GraphLayer layer,
        ReadOnlySpan<uint> candidates,
        ReadOnlySpan<float> distances,
        Span<uint> selected,
        int most,
        sbyte* values)
    {
        var count = 0;
        fixed (uint* chosen = selected)
        {
            for (var i = 0; i < candidates.Length && count < most; i++)
            {
                if (count == 0 || IsNotCovered(codec, codes, layer, (int)candidates[i], distances[i], chosen, count, values))
                {
                    chosen[count++] = candidates[i];
                }
            }
        }
        return count;
    }

    /// <summary>Whether a candidate is nearer to the node than to every chosen neighbour.</summary>
    private static bool IsNotCovered(
        Codec codec, CodeRows codes, GraphLayer layer, int candidate, float distance, uint* chosen, int count, sbyte* values)
    {
        var row = codes.Row(layer.ItemOf(candidate));
        var query = codec.CodesAsQuery(row, values);
        // Walk distances leave out half the candidate's own squared norm, which the distance to the node has.
        var limit = distance - codec.HalfSquaredNorm(row);
        var keys = stackalloc int[4];
        for (var i = count; i < ((count + 3) & ~3); i++) chosen[i] = chosen[count - 1];
        for (var i = 0; i < count; i += 4)
        {
            GraphWalk<TKeys>.Keys4(layer, codes, query, chosen + i).Store(keys);
            for (var j = 0; j < 4; j++)
            {
                if (TKeys.Distance(keys[j], query) < limit) return false;
            }
        }
        return true;
    }
}
