namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Writes to the links of one node. One writer a node; readers see, link by link, the old or the new.</summary>
internal static unsafe class GraphLinks
{
    /// <summary>Replaces all links.</summary>
    public static void Replace(GraphLayer layer, int node, ReadOnlySpan<uint> links)
    {
        var target = layer.LinksOf(node);
        for (var i = 0; i < links.Length; i++) Volatile.Write(ref target[i], links[i]);
        for (var i = links.Length; i < layer.Degree; i++) Volatile.Write(ref target[i], GraphLayer.NoLink);
    }

    /// <summary>Adds a link where there is room for it.</summary>
    /// <returns>Whether there was, or the link was there already.</returns>
    public static bool TryAdd(GraphLayer layer, int node, int target)
    {
        var links = layer.LinksOf(node);
        for (var i = 0; i < layer.Degree; i++)
        {
            if (links[i] == (uint)target) return true;
            if (links[i] != GraphLayer.NoLink) continue;
            Volatile.Write(ref links[i], (uint)target);
            return true;
        }
        return false;
    }
}
