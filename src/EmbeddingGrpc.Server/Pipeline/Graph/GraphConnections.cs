using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>A reader's copy of one item's connections. Belongs to one thread and keeps its memory.</summary>
/// <param name="capacity">Connections that fit; the heaviest are copied.</param>
public sealed class GraphConnections(int capacity)
{
    private readonly int[] _items = new int[capacity];
    private readonly float[] _weights = new float[capacity];

    /// <summary>Connections that fit.</summary>
    public int Capacity => capacity;

    /// <summary>Connections copied.</summary>
    public int Count { get; private set; }

    /// <summary>Keys of the items that they lead to, the heaviest connection first.</summary>
    public ReadOnlySpan<int> Items => _items.AsSpan(0, Count);

    /// <summary>Their weights, decayed to the model clock's present; comparable within one state of the graph.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, Count);

    /// <summary>Weight of all connections that lead away, of those that were let go of too.</summary>
    public float Out { get; private set; }

    /// <summary>Weight of all connections that lead to the item.</summary>
    public float In { get; private set; }

    /// <summary>Takes a copy of a node, which may be torn: the graph finds out and takes another.</summary>
    /// <returns>False where the node names edges that do not exist, as only a torn one does.</returns>
    internal bool TryTake(in GraphNode node, ReadOnlySpan<int> block)
    {
        var length = block.Length / 2;
        if (node.EdgeCount > length) return false;
        Count = Math.Min((int)node.EdgeCount, capacity);
        block[..Count].CopyTo(_items);
        MemoryMarshal.Cast<int, float>(block.Slice(length, Count)).CopyTo(_weights);
        return true;
    }

    /// <summary>Brings the weights to another unit.</summary>
    internal void Finish(in GraphNode node, float factor)
    {
        (Out, In) = (node.Out * factor, node.In * factor);
        if (factor == 1) return;
        foreach (ref var weight in _weights.AsSpan(0, Count)) weight *= factor;
    }
}
