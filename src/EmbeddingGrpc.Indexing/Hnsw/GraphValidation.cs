using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Checks that nothing in a graph that was read from a file leads out of it.</summary>
internal static unsafe class GraphValidation
{
    /// <summary>Checks what leads from a layer to the one below and to items.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="below">The layer below it.</param>
    /// <param name="items">Items of the index.</param>
    /// <param name="path">The file, for errors.</param>
    /// <exception cref="InvalidDataException">A node leads nowhere; says which.</exception>
    public static void CheckNodes(GraphLayer layer, GraphLayer below, int items, string path)
    {
        for (var node = 0; node < layer.Count; node++)
        {
            var item = layer.ItemOf(node);
            var under = layer.Below(node);
            if ((uint)item >= (uint)items || (uint)under >= (uint)below.Count || below.ItemOf(under) != item)
            {
                throw new InvalidDataException($"'{path}' is corrupt: node {node} of layer {layer.Level} is item {item} and node {under} of the layer below.");
            }
        }
    }

    /// <summary>Checks all links.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="path">The file, for errors.</param>
    /// <exception cref="InvalidDataException">A link leads nowhere; says which.</exception>
    public static void CheckLinks(IEnumerable<GraphLayer> layers, string path)
    {
        foreach (var layer in layers) CheckLinks(layer, path);
    }

    private static void CheckLinks(GraphLayer layer, string path)
    {
        const int nodesAtOnce = 1 << 16;
        for (var node = 0; node < layer.Count; node += nodesAtOnce)
        {
            var links = new ReadOnlySpan<uint>(layer.LinksOf(node), Math.Min(nodesAtOnce, layer.Count - node) * layer.LinkStride);
            if (FindBadLink(links, layer.Count) is >= 0 and var bad)
                throw new InvalidDataException($"'{path}' is corrupt: node {node + (bad / layer.LinkStride)} of layer {layer.Level} has a link to a node that is not there.");
        }
    }

    /// <summary>Place of the first eight links of which one leads nowhere; -1 for none. A node's links are whole eights.</summary>
    private static int FindBadLink(ReadOnlySpan<uint> links, int nodes)
    {
        var bound = Vector256.Create((uint)nodes);
        var none = Vector256.Create(GraphLayer.NoLink);
        for (var i = 0; i < links.Length; i += Vector256<uint>.Count)
        {
            var block = Vector256.Create(links.Slice(i, Vector256<uint>.Count));
            if (Vector256.GreaterThanOrEqualAny(block & ~Vector256.Equals(block, none), bound)) return i;
        }
        return -1;
    }
}
