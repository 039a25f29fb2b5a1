using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>What a search reads: layers, codes and where to start. Owned by the index; immutable apart from what its parts say.</summary>
internal sealed class HnswGraph : IDisposable
{
    /// <summary>Puts a graph together and takes ownership of its parts.</summary>
    /// <param name="codec">How rows became codes.</param>
    /// <param name="codes">One row for every item.</param>
    /// <param name="layers">From layer 0 upward; at least that one.</param>
    /// <param name="entry">Node of the top layer where searches start; -1 where there is no item.</param>
    public HnswGraph(Codec codec, CodeRows codes, GraphLayer[] layers, int entry)
    {
        Codec = codec;
        Codes = codes;
        Layers = layers;
        Entry = entry;
    }

    /// <summary>How rows became codes.</summary>
    public Codec Codec { get; }

    /// <summary>One row for every item.</summary>
    public CodeRows Codes { get; }

    /// <summary>From layer 0 upward.</summary>
    public GraphLayer[] Layers { get; }

    /// <summary>Node of the top layer where searches start; -1 where there is no item.</summary>
    public int Entry { get; }

    /// <summary>The entry as an item: its node on layer 0.</summary>
    public int EntryItem => Entry < 0 ? -1 : Layers[^1].ItemOf(Entry);

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => Codes.SizeBytes + Layers.Sum(layer => layer.SizeBytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        Codes.Dispose();
        foreach (var layer in Layers) layer.Dispose();
    }
}
