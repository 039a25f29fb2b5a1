namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Chooses a node's links among what a walk found, and links its neighbours back to it. Holds the working memory of one thread.</summary>
internal sealed unsafe class LinkChooser<TSpace>
    where TSpace : struct, IDistanceSpace
{
    private readonly int _leastLinks;
    private readonly long[] _entries;
    private readonly uint[] _candidates;
    private readonly uint[] _items;
    private readonly float[] _distances;
    private readonly uint[] _selected;
    private readonly uint[][] _chosen = new uint[LevelDraw.MaxLevel + 1][];
    private readonly int[] _chosenCounts = new int[LevelDraw.MaxLevel + 1];
    private TSpace _space;

    /// <summary>Allocates for one thread.</summary>
    /// <param name="space">Measures distances.</param>
    /// <param name="newLinks">Links of a new node, M, on every layer.</param>
    /// <param name="leastLinks">Links that it has at least: <see cref="NeighborSelection.LeastLinks"/>.</param>
    /// <param name="poolSize">Largest number of candidates that links are chosen from.</param>
    public LinkChooser(TSpace space, int newLinks, int leastLinks, int poolSize)
    {
        _space = space;
        _leastLinks = leastLinks;
        var most = Math.Max(CandidatePool.Rounded(poolSize), (4 * newLinks) + 1);
        _entries = new long[most];
        _candidates = new uint[most];
        // Distances are measured four at a time.
        _items = new uint[most + 3];
        _distances = new float[most + 3];
        _selected = new uint[2 * newLinks];
        for (var i = 0; i < _chosen.Length; i++) _chosen[i] = new uint[newLinks];
    }

    /// <summary>The links chosen for the new node on a layer.</summary>
    public ReadOnlySpan<uint> Chosen(int level) => _chosen[level].AsSpan(0, _chosenCounts[level]);

    /// <summary>Chooses the links of a new node on one layer among candidates.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="candidates">Nodes in any order.</param>
    /// <param name="item">The new node's item.</param>
    public void Choose(GraphLayer layer, ReadOnlySpan<uint> candidates, int item)
    {
        Rank(layer, candidates, item);
        _chosenCounts[layer.Level] = NeighborSelection.Select(
            ref _space, layer, _candidates.AsSpan(0, candidates.Length), _distances, _leastLinks, _chosen[layer.Level]);
    }

    /// <summary>Chooses the links of a new node on one layer among candidates whose distances are known.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="candidates">Nodes, nearest first.</param>
    /// <param name="distances">Their distances, in the measure of the space.</param>
    public void Choose(GraphLayer layer, ReadOnlySpan<uint> candidates, ReadOnlySpan<float> distances) =>
        _chosenCounts[layer.Level] = NeighborSelection.Select(ref _space, layer, candidates, distances, _leastLinks, _chosen[layer.Level]);

    /// <summary>Links a node to a new one; a node that has no room chooses anew among all. No one else may write to the node.</summary>
    public void LinkBack(GraphLayer layer, int node, int added)
    {
        if (layer.TryAdd(node, added)) return;
        var links = new ReadOnlySpan<uint>(layer.LinksOf(node), layer.Degree);
        Span<uint> candidates = stackalloc uint[links.Length + 1];
        links.CopyTo(candidates);
        candidates[^1] = (uint)added;
        layer.Replace(node, ChooseAmong(layer, node, candidates));
    }

    /// <summary>Chooses the links of a node anew.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="node">The node.</param>
    /// <param name="candidates">Other nodes in any order, none twice.</param>
    /// <returns>At most as many as the layer's degree; valid until the next call.</returns>
    public ReadOnlySpan<uint> ChooseAmong(GraphLayer layer, int node, ReadOnlySpan<uint> candidates)
    {
        Rank(layer, candidates, layer.ItemOf(node));
        var kept = NeighborSelection.Select(
            ref _space, layer, _candidates.AsSpan(0, candidates.Length), _distances, least: 0, _selected.AsSpan(0, layer.Degree));
        return _selected.AsSpan(0, kept);
    }

    /// <summary>Sorts candidates by distance, then by number.</summary>
    private void Rank(GraphLayer layer, ReadOnlySpan<uint> candidates, int item)
    {
        for (var i = 0; i < candidates.Length; i++) _items[i] = (uint)layer.ItemOf((int)candidates[i]);
        _space.Center(item);
        fixed (uint* items = _items)
        fixed (float* distances = _distances)
        {
            _space.Measure(items, candidates.Length, distances);
        }
        for (var i = 0; i < candidates.Length; i++)
        {
            _entries[i] = CandidatePool.Entry(SortableFloat.ToKey(_distances[i]), (int)candidates[i]);
        }
        _entries.AsSpan(0, candidates.Length).Sort();
        for (var i = 0; i < candidates.Length; i++)
        {
            _candidates[i] = (uint)CandidatePool.NodeOf(_entries[i]);
            _distances[i] = SortableFloat.FromKey(CandidatePool.KeyOf(_entries[i]));
        }
    }
}
