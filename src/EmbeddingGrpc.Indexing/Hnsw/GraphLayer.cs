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
    private int _count;

    /// <summary>Makes a layer of nodes without links.</summary>
    /// <param name="level">Number of the layer.</param>
    /// <param name="degree">Links that a node can have.</param>
    /// <param name="capacity">Nodes that there is address space for.</param>
    /// <param name="count">Nodes that there are at once.</param>
    public GraphLayer(int level, int degree, long capacity, int count)
        : this(level, degree, capacity)
    {
        try
        {
            Commit(count);
        }
        catch
        {
            Dispose();
            throw;
        }
        for (var node = 0; node < count; node++) ClearLinks(node);
        _count = count;
    }

    /// <summary>Makes a layer that something else fills.</summary>
    /// <param name="level">Number of the layer.</param>
    /// <param name="degree">Links that a node can have.</param>
    /// <param name="capacity">Nodes that there is address space for.</param>
    /// <param name="count">Nodes that there are.</param>
    /// <param name="loadLinks">Commits and fills the links.</param>
    /// <param name="loadNodes">Commits and fills the nodes, on a layer above 0.</param>
    public GraphLayer(int level, int degree, long capacity, int count, Action<NativeRegion> loadLinks, Action<NativeRegion> loadNodes)
        : this(level, degree, capacity)
    {
        try
        {
            loadLinks(_links);
            if (_nodes is not null) loadNodes(_nodes);
        }
        catch
        {
            Dispose();
            throw;
        }
        _count = count;
    }

    private GraphLayer(int level, int degree, long capacity)
    {
        Level = level;
        Degree = degree;
        LinkStride = LinkStrideOf(degree);
        _links = new NativeRegion(capacity * LinkStride * sizeof(uint), 0);
        Links = (uint*)_links.Pointer;
        if (level > 0)
        {
            _nodes = new NativeRegion(capacity * 2 * sizeof(int), 0);
            Nodes = (int*)_nodes.Pointer;
        }
    }

    /// <summary>Number of the layer.</summary>
    public int Level { get; }

    /// <summary>Links that a node can have.</summary>
    public int Degree { get; }

    /// <summary>Links from one node to the next.</summary>
    public int LinkStride { get; }

    /// <summary>Nodes that are complete.</summary>
    public int Count => Volatile.Read(ref _count);

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

    /// <summary>The links that a node has. Where the writer is at work it may see some of the old and some of the new.</summary>
    public ReadOnlySpan<uint> LinkSpan(int node)
    {
        var all = new ReadOnlySpan<uint>(LinksOf(node), Degree);
        var end = all.IndexOf(NoLink);
        return end < 0 ? all : all[..end];
    }

    /// <summary>Makes sure there is memory for so many nodes.</summary>
    /// <exception cref="InsufficientMemoryException">The system has none.</exception>
    public void Commit(int nodes)
    {
        _links.Commit((long)nodes * LinkStride * sizeof(uint));
        _nodes?.Commit((long)nodes * 2 * sizeof(int));
    }

    /// <summary>Begins a node that nobody can see yet: without links.</summary>
    /// <param name="item">Its item.</param>
    /// <param name="below">Its number on the layer below; means nothing on layer 0.</param>
    /// <returns>Its number. It is seen once <see cref="Publish"/> was called.</returns>
    public int Begin(int item, int below)
    {
        var node = _count;
        Commit(node + 1);
        ClearLinks(node);
        if (Nodes is not null)
        {
            Nodes[2 * node] = item;
            Nodes[(2 * node) + 1] = below;
        }
        return node;
    }

    /// <summary>Lets readers see the node that was begun.</summary>
    public void Publish() => Volatile.Write(ref _count, _count + 1);

    /// <summary>Replaces all links of a node.</summary>
    public void Replace(int node, ReadOnlySpan<uint> links)
    {
        var target = LinksOf(node);
        for (var i = 0; i < links.Length; i++) Volatile.Write(ref target[i], links[i]);
        for (var i = links.Length; i < Degree; i++) Volatile.Write(ref target[i], NoLink);
    }

    /// <summary>Replaces one link of a node.</summary>
    public void Replace(int node, int place, int target) => Volatile.Write(ref LinksOf(node)[place], (uint)target);

    /// <summary>Adds a link where there is room for it.</summary>
    /// <returns>Whether there was, or the link was there already.</returns>
    public bool TryAdd(int node, int target)
    {
        var links = LinksOf(node);
        for (var i = 0; i < Degree; i++)
        {
            if (links[i] == (uint)target) return true;
            if (links[i] != NoLink) continue;
            Volatile.Write(ref links[i], (uint)target);
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _nodes?.Dispose();
    }

    private void ClearLinks(int node) => new Span<uint>(LinksOf(node), LinkStride).Fill(NoLink);
}
