using System.Runtime.CompilerServices;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The links of one layer. Nodes of layer 0 are the items; nodes of a higher layer have numbers of their own, which keeps their links
/// together and needs nothing for the items that are not on it. One writer (or, while building, one writer a node under its lock); any
/// number of readers: a link is one aligned store and names a node that is complete.
/// </summary>
internal sealed unsafe class GraphLayer : IDisposable
{
    /// <summary>Follows the last link of a node that has fewer than <see cref="Degree"/>.</summary>
    public const uint NoLink = uint.MaxValue;

    private readonly NativeRegion _links;
    private readonly NativeRegion? _nodes;

    /// <summary>Reserves room for nodes, without any link yet.</summary>
    /// <param name="level">Number of the layer.</param>
    /// <param name="degree">Links that a node can have.</param>
    /// <param name="capacity">Nodes that there is address space for.</param>
    /// <param name="count">Nodes that there are at once.</param>
    public GraphLayer(int level, int degree, long capacity, int count)
    {
        Level = level;
        Degree = degree;
        Count = count;
        LinkStride = LinkStrideOf(degree);
        _links = new NativeRegion(capacity * LinkStride * sizeof(uint), (long)count * LinkStride * sizeof(uint));
        Links = (uint*)_links.Pointer;
        for (var node = 0; node < count; node++) new Span<uint>(LinksOf(node), LinkStride).Fill(NoLink);
        if (level > 0)
        {
            _nodes = new NativeRegion(capacity * 2 * sizeof(int), (long)count * 2 * sizeof(int));
            Nodes = (int*)_nodes.Pointer;
        }
    }

    /// <summary>Number of the layer.</summary>
    public int Level { get; }

    /// <summary>Links that a node can have.</summary>
    public int Degree { get; }

    /// <summary>Links from one node to the next.</summary>
    public int LinkStride { get; }

    /// <summary>Nodes.</summary>
    public int Count { get; }

    /// <summary>[count, <see cref="LinkStride"/>].</summary>
    public uint* Links { get; }

    /// <summary>[count, 2]: the item of each node, and its number on the layer below; null on layer 0, where both are the node itself.</summary>
    public int* Nodes { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _links.CommittedBytes + (_nodes?.CommittedBytes ?? 0);

    /// <summary>Links from one node to the next: whole cache lines, so that a node's links never share one with another's.</summary>
    public static int LinkStrideOf(int degree) => (degree + 15) / 16 * 16;

    /// <summary>The links of a node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint* LinksOf(int node) => Links + ((long)node * LinkStride);

    /// <summary>The item of a node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ItemOf(int node) => Nodes is null ? node : Nodes[2 * node];

    /// <summary>A node's number on the layer below.</summary>
    public int Below(int node) => Nodes is null ? node : Nodes[(2 * node) + 1];

    /// <summary>How many links a node has.</summary>
    public int CountLinks(int node)
    {
        var links = LinksOf(node);
        var count = 0;
        while (count < Degree && links[count] != NoLink) count++;
        return count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _nodes?.Dispose();
    }
}
