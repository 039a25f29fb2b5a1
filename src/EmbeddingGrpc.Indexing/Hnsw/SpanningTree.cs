using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Why every item can be reached on layer 0: a tree of links from the entry, as the one of them that leads to each node. A link that is not
/// in the tree can be dropped without cutting anything off. The writer's own; readers do not know it.
/// </summary>
internal sealed unsafe class SpanningTree : IDisposable
{
    /// <summary>The parent of a node that is not in the tree.</summary>
    public const int None = -1;

    private readonly NativeRegion _region;
    private readonly GraphLayer _layer;
    private readonly int _root;

    private SpanningTree(GraphLayer layer, int root, long capacity)
    {
        _layer = layer;
        _root = root;
        _region = new NativeRegion(capacity * sizeof(int), 0);
        Extend(layer.Count);
        Parents[root] = root;
    }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _region.CommittedBytes;

    private int* Parents => (int*)_region.Pointer;

    private int Known { get; set; }

    /// <summary>Grows a tree over all nodes that can be reached from the root.</summary>
    /// <param name="layer">Layer 0. No one may write to it meanwhile.</param>
    /// <param name="root">The entry as an item.</param>
    /// <param name="capacity">Nodes that there is address space for.</param>
    public static SpanningTree Grow(GraphLayer layer, int root, long capacity)
    {
        var tree = new SpanningTree(layer, root, capacity);
        tree.Spread(root);
        return tree;
    }

    /// <summary>Whether a node is in the tree.</summary>
    public bool Contains(int node) => Parents[node] != None;

    /// <summary>The node that leads to a node.</summary>
    public int ParentOf(int node) => Parents[node];

    /// <summary>Whether the link from a node to another is in the tree.</summary>
    public bool Holds(int node, int target) => Parents[target] == node && target != _root;

    /// <summary>Whether other nodes are reached through a node.</summary>
    public bool HasChildren(int node)
    {
        foreach (var link in _layer.LinkSpan(node))
        {
            if (Holds(node, (int)link)) return true;
        }
        return false;
    }

    /// <summary>Whether a node is reached through another, or is it.</summary>
    public bool IsBelow(int node, int ancestor)
    {
        while (node != ancestor)
        {
            if (node == _root) return false;
            node = Parents[node];
        }
        return true;
    }

    /// <summary>Whether a node is in the tree and every link from the root to it is in the graph.</summary>
    public bool IsLed(int node)
    {
        // A chain that is longer than there are nodes goes in a circle.
        for (var steps = 0; steps <= Known; steps++)
        {
            if (node == _root) return true;
            if ((uint)node >= (uint)Known || !Contains(node)) return false;
            var parent = Parents[node];
            if (!_layer.LinkSpan(parent).Contains((uint)node)) return false;
            node = parent;
        }
        return false;
    }

    /// <summary>Takes a node that a node in the tree has a link to into the tree, or moves it with all below it.</summary>
    public void Attach(int node, int parent) => Parents[node] = parent;

    /// <summary>Takes a node that has no children out of the tree.</summary>
    public void Detach(int node) => Parents[node] = None;

    /// <summary>Makes room for nodes that come later; they are not in the tree.</summary>
    public void Extend(int nodes)
    {
        _region.Commit((long)nodes * sizeof(int));
        new Span<int>(Parents + Known, Math.Max(0, nodes - Known)).Fill(None);
        Known = Math.Max(Known, nodes);
    }

    /// <summary>Links a node in the tree to one that is not, in a free place or in that of a link that is not in the tree.</summary>
    /// <returns>Whether there was such a place.</returns>
    public bool TryAdopt(int parent, int node)
    {
        if (parent == node || !Contains(parent)) return false;
        if (!_layer.TryAdd(parent, node))
        {
            // The last are the farthest where the heuristic chose, and the newest otherwise.
            var place = _layer.Degree - 1;
            while (place >= 0 && Holds(parent, (int)_layer.LinksOf(parent)[place])) place--;
            if (place < 0) return false;
            _layer.Replace(parent, place, node);
        }
        Attach(node, parent);
        return true;
    }

    /// <summary>Adopts a node wherever there is a place, near ones first.</summary>
    public void Adopt(int node, ReadOnlySpan<uint> near)
    {
        foreach (var parent in near)
        {
            if (!IsCycle((int)parent, node) && TryAdopt((int)parent, node)) return;
        }
        // A leaf of the tree has only links that are not in it, and there always is one.
        for (var parent = 0; parent < Known; parent++)
        {
            if (Contains(parent) && !IsCycle(parent, node) && TryAdopt(parent, node)) return;
        }
        throw new InvalidOperationException($"No node of {Known} has a place for a link to node {node}.");
    }

    /// <summary>Takes all nodes that can be reached from a node, and are not in the tree yet, into it.</summary>
    public void Spread(int start)
    {
        var open = new Queue<int>();
        open.Enqueue(start);
        while (open.TryDequeue(out var node))
        {
            foreach (var link in _layer.LinkSpan(node))
            {
                var next = (int)link;
                if ((uint)next >= (uint)Known || Contains(next)) continue;
                Attach(next, node);
                open.Enqueue(next);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _region.Dispose();

    private bool IsCycle(int parent, int node) => !Contains(parent) || (Contains(node) && IsBelow(parent, node));
}
