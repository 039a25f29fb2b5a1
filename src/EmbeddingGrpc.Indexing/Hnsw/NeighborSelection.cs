namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The selection heuristic of HNSW (Malkov and Yashunin 2018, algorithm 4, without extension and without keeping what was pruned): a
/// candidate is linked unless a nearer neighbour that is already linked is nearer to it than the node itself.
/// </summary>
internal static unsafe class NeighborSelection
{
    /// <summary>Chooses links among candidates.</summary>
    /// <param name="space">Measures; its center is moved.</param>
    /// <param name="layer">The layer that the candidates are nodes of.</param>
    /// <param name="candidates">Nodes, nearest first.</param>
    /// <param name="distances">Their distances from the node.</param>
    /// <param name="selected">Receives the chosen nodes, nearest first; as long as there may be.</param>
    /// <returns>How many were chosen.</returns>
    public static int Select<TSpace>(
        ref TSpace space, GraphLayer layer, ReadOnlySpan<uint> candidates, ReadOnlySpan<float> distances, Span<uint> selected)
        where TSpace : struct, IDistanceSpace
    {
        var count = 0;
        for (var i = 0; i < candidates.Length && count < selected.Length; i++)
        {
            if (!IsCovered(ref space, layer, (int)candidates[i], distances[i], selected[..count])) selected[count++] = candidates[i];
        }
        return count;
    }

    private static bool IsCovered<TSpace>(ref TSpace space, GraphLayer layer, int candidate, float distance, ReadOnlySpan<uint> chosen)
        where TSpace : struct, IDistanceSpace
    {
        if (chosen.IsEmpty) return false;
        space.Center(layer.ItemOf(candidate));
        var between = stackalloc float[4];
        var items = stackalloc uint[4];
        for (var i = 0; i < chosen.Length; i += 4)
        {
            var count = Math.Min(4, chosen.Length - i);
            for (var j = 0; j < count; j++) items[j] = (uint)layer.ItemOf((int)chosen[i + j]);
            space.Measure(items, count, between);
            for (var j = 0; j < count; j++)
            {
                if (between[j] < distance) return true;
            }
        }
        return false;
    }
}
