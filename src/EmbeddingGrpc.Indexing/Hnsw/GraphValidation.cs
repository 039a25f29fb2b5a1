using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Checks that nothing in a layer that was read leads out of it.</summary>
internal static unsafe class GraphValidation
{
    /// <summary>Checks every link and every node.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="below">The layer below it; null for layer 0.</param>
    /// <param name="items">Items of the index.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InvalidDataException">A link or a node leads nowhere; says which.</exception>
    public static void Check(GraphLayer layer, GraphLayer? below, int items, string path)
    {
        var links = (long)layer.Count * layer.LinkStride;
        var bound = Vector256.Create((uint)layer.Count);
        // The stride is a multiple of 16.
        for (long i = 0; i < links; i += Vector256<uint>.Count)
        {
            var block = Vector256.Load(layer.Links + i);
            if (Vector256.GreaterThanOrEqualAny(block & ~Vector256.Equals(block, Vector256.Create(GraphLayer.NoLink)), bound))
            {
                throw new InvalidDataException($"'{path}' is corrupt: node {i / layer.LinkStride} of layer {layer.Level} has a link to a node that is not there.");
            }
        }
        if (below is null) return;
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
}
