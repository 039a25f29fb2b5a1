using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// What a search reads: layers, codes and where to start. A snapshot: which parts there are never changes, what they hold grows as each part
/// says. The writer replaces it when a layer is added or the codes are made anew.
/// </summary>
/// <param name="Codec">How rows became codes.</param>
/// <param name="Codes">One row for every item.</param>
/// <param name="Layers">From layer 0 upward; at least that one.</param>
/// <param name="Entry">Node of the top layer where searches start; -1 where there is no item.</param>
/// <param name="Fitted">Rows that the codec was fitted to.</param>
internal sealed record HnswGraph(PackedCodec Codec, CodeRows Codes, GraphLayer[] Layers, int Entry, int Fitted)
{
    /// <summary>The links of all items.</summary>
    public GraphLayer Ground => Layers[0];

    /// <summary>The entry as an item: the root from which every item is reached on layer 0. Never changes once there is one.</summary>
    public int EntryItem => Entry < 0 ? -1 : Layers[^1].ItemOf(Entry);

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => Codes.SizeBytes + Layers.Sum(layer => layer.SizeBytes);

    /// <summary>Frees all parts. The last to be called.</summary>
    public void Free()
    {
        Codes.Dispose();
        foreach (var layer in Layers) layer.Dispose();
    }
}
