using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Inserts and deletes while others search. One writer, which the index sees to; readers need not know. After every step each live item is
/// reachable from the entry on layer 0: the links of a <see cref="SpanningTree"/> are never dropped before others take their place.
/// </summary>
/// <remarks>
/// A node is filled, then published, then linked to. New links are chosen by exact distances; a deleted item stays as a way to others until
/// the index is built anew, but its neighbours are linked past it.
/// </remarks>
internal sealed unsafe class GraphWriter<TKeys> : IGraphWriter
    where TKeys : struct, IWalkKeys
{
    /// <summary>The codec is fitted again while it was fitted to few rows and there are this many times as many.</summary>
    private const int RefitFactor = 4;
    private const int RefitBelow = 1 << 14;

    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly HnswOptions _options;
    private readonly LevelDraw _draw;
    private readonly SearchScratch _scratch;
    private readonly EqualPlace _equal;
    private readonly List<CodeRows> _retired = [];
    private LinkChooser<RowSpace> _chooser;
    private SpanningTree? _tree;
    private HnswGraph _graph;
    private int _tombstones;

    /// <summary>Starts writing to a graph.</summary>
    public GraphWriter(HnswGraph graph, VectorRows rows, ItemBits deleted, HnswOptions options)
    {
        _graph = graph;
        _rows = rows;
        _deleted = deleted;
        _options = options;
        _draw = new LevelDraw(options.Seed, options.M);
        _scratch = new SearchScratch(rows.Stride, PackedCodec.MostQueryBytes(graph.Codec.Metric, rows.Dimension));
        _equal = new EqualPlace(rows, deleted, graph.Ground.Degree);
        _chooser = NewChooser(graph.Codec);
        if (deleted.Count == 0) return;
        for (var item = 0; item < graph.Ground.Count; item++)
        {
            if (deleted.Contains(item) && !IsCutOff(item)) _tombstones++;
        }
    }

    /// <inheritdoc/>
    public HnswGraph Graph => Volatile.Read(ref _graph);

    /// <inheritdoc/>
    public long SizeBytes => (_tree?.SizeBytes ?? 0) + _retired.Sum(codes => codes.SizeBytes);

    /// <inheritdoc/>
    public int Tombstones => Volatile.Read(ref _tombstones);

    /// <inheritdoc/>
    public int Insert(ReadOnlySpan<float> vector)
    {
        var item = _graph.Ground.Count;
        Reserve(item + 1);
        _rows.Append(vector);
        RefitIfNeeded(item + 1);
        _graph.Codec.Encode(_rows.Row(item), _graph.Codes.Row(item), _scratch.Transformed);
        if (item == 0 || _graph.Entry < 0)
        {
            BecomeEntry(item);
            return item;
        }

        var level = Math.Min(_draw.LevelOf(item), _graph.Layers.Length);
        if (level == _graph.Layers.Length) AddLayer();
        ChooseLinks(item, level);
        if (EqualsAnother) level = 0;
        // From the bottom up: who meets the node on a layer finds it, with its links, on all layers below.
        var below = item;
        for (var i = 0; i <= level; i++)
        {
            var layer = _graph.Layers[i];
            var node = layer.Begin(item, below);
            layer.Replace(node, i == 0 ? ChosenOnGround : _chooser.Chosen(i));
            layer.Publish();
            below = node;
        }
        LinkBack(item, level);
        return item;
    }

    /// <inheritdoc/>
    public bool Delete(int item)
    {
        if (_deleted.Contains(item)) return false;
        // Before the item is: a search that knows of no tombstones does not look for them.
        Volatile.Write(ref _tombstones, _tombstones + 1);
        // First, as the repair links past what is deleted.
        _deleted.Add(item);
        if (item != _graph.EntryItem) Bypass(item);
        return true;
    }

    /// <inheritdoc/>
    public bool Restore(int item)
    {
        if (!_deleted.Contains(item)) return false;
        if (_graph.Entry < 0)
        {
            Volatile.Write(ref _graph, _graph with { Layers = [_graph.Ground], Entry = item });
            _deleted.Remove(item);
            return true;
        }

        var wasCutOff = IsCutOff(item);
        // Its neighbours were linked past it, or it was never linked: it gets a place among those that live now. On the upper layers it has kept the one it had.
        ChooseLinks(item, level: 0);
        LinkKeepingTree(item, ChosenOnGround, without: SpanningTree.None);
        LinkBack(item, level: 0);
        _deleted.Remove(item);
        if (!wasCutOff) Volatile.Write(ref _tombstones, Math.Max(0, _tombstones - 1));
        return true;
    }

    /// <inheritdoc/>
    public int Repair()
    {
        if (_graph.Entry < 0) return 0;
        _tree?.Dispose();
        _tree = null;
        _tree = Reachability<TKeys>.Restore(
            _graph.Ground, _graph.Codes, _graph.EntryItem, _deleted, QueryOf, _options.EfConstruction, _scratch, out var added);
        return added;
    }

    /// <inheritdoc/>
    public bool IsReady => _tree is not null || _graph.Entry < 0;

    /// <inheritdoc/>
    public List<int> FindUnreached(CancellationToken cancellationToken)
    {
        // Items first: the graph that is read after them has links for all of these.
        var items = Graph.Ground.Count;
        var graph = Graph;
        return graph.Entry < 0 ? [] : Reachability<TKeys>.FindUnreached(graph.Ground, items, graph.EntryItem, _deleted, cancellationToken);
    }

    /// <inheritdoc/>
    public bool IsLed(int item) => _deleted.Contains(item) || Tree().IsLed(item);

    /// <inheritdoc/>
    public void Dispose()
    {
        _tree?.Dispose();
        _scratch.Dispose();
        foreach (var codes in _retired) codes.Dispose();
    }

    /// <summary>Whether the item that links were chosen for equals another.</summary>
    private bool EqualsAnother => !_equal.Links.IsEmpty;

    private ReadOnlySpan<uint> ChosenOnGround => EqualsAnother ? _equal.Links : _chooser.Chosen(0);

    /// <summary>Whether an item was deleted when the graph was built: nothing leads to it, nor on from it.</summary>
    private bool IsCutOff(int item) => *_graph.Ground.LinksOf(item) == GraphLayer.NoLink;

    private SpanningTree Tree()
    {
        // Grown at the first write: an index that is only read does without.
        if (_tree is null) Repair();
        return _tree!;
    }

    private void Reserve(int items)
    {
        if (items > IndexCapacity.For(_rows.Base)) throw new IndexFullException(items - 1);
        _graph.Codes.Commit(items);
        _deleted.Commit(items);
    }

    private void BecomeEntry(int item)
    {
        // Where all that came before was deleted before it was built, there are nodes but no entry.
        var node = _graph.Ground.Begin(item, item);
        _graph.Ground.Publish();
        Volatile.Write(ref _graph, _graph with { Layers = [_graph.Ground], Entry = node });
    }

    /// <summary>Adds a layer on top that holds the entry's item, which stays the entry.</summary>
    private void AddLayer()
    {
        var graph = _graph;
        var layer = new GraphLayer(graph.Layers.Length, _options.M, IndexCapacity.For(_rows.Base), 0);
        var entry = layer.Begin(graph.EntryItem, graph.Entry);
        layer.Publish();
        Volatile.Write(ref _graph, graph with { Layers = [.. graph.Layers, layer], Entry = entry });
    }

    private void ChooseLinks(int item, int level)
    {
        Tree();
        var graph = _graph;
        var query = QueryOf(item);
        var node = graph.Entry;
        for (var i = graph.Layers.Length - 1; i >= 0; i--)
        {
            var layer = graph.Layers[i];
            if (i > level)
            {
                node = GraphWalk<TKeys>.Descend(layer, graph.Ground.Count, graph.Codes, query, node, _scratch);
            }
            else
            {
                var pool = _scratch.Candidates(_options.EfConstruction);
                GraphWalk<TKeys>.Run(layer, layer.Count, graph.Codes, query, node, ref pool, _scratch);
                if (i == 0 && _equal.Find(layer, pool, item)) return;
                _chooser.Choose(layer, Candidates(layer, pool), item);
                node = pool.NodeAt(0);
            }
            node = layer.Below(node);
        }
    }

    /// <summary>What a walk found and is not deleted; where all is, the deleted lead on.</summary>
    private ReadOnlySpan<uint> Candidates(GraphLayer layer, in CandidatePool pool)
    {
        _scratch.MakeRoom(pool.Count);
        var candidates = new Span<uint>(_scratch.Items, pool.Count);
        var live = 0;
        for (var i = 0; i < pool.Count; i++)
        {
            if (!_deleted.Contains(layer.ItemOf(pool.NodeAt(i)))) candidates[live++] = (uint)pool.NodeAt(i);
        }
        if (live > 0) return candidates[..live];
        for (var i = 0; i < pool.Count; i++) candidates[i] = (uint)pool.NodeAt(i);
        return candidates;
    }

    private void LinkBack(int item, int level)
    {
        var tree = Tree();
        tree.Extend(_graph.Ground.Count);
        if (EqualsAnother)
        {
            if (!tree.Contains(item)) tree.Adopt(item, _equal.Links);
            return;
        }
        foreach (var neighbor in _chooser.Chosen(0))
        {
            LinkKeepingTree((int)neighbor, item, without: SpanningTree.None);
            if (!tree.Contains(item) && tree.Contains((int)neighbor) && _graph.Ground.LinkSpan((int)neighbor).Contains((uint)item))
            {
                tree.Attach(item, (int)neighbor);
            }
        }
        if (!tree.Contains(item)) tree.Adopt(item, _chooser.Chosen(0));
        for (var i = 1; i <= level; i++)
        {
            var layer = _graph.Layers[i];
            foreach (var neighbor in _chooser.Chosen(i)) _chooser.LinkBack(layer, (int)neighbor, layer.Count - 1);
        }
    }

    /// <summary>Links a node of layer 0 to another, choosing anew where there is no room, but never dropping a link of the tree.</summary>
    /// <param name="node">The node.</param>
    /// <param name="added">The other.</param>
    /// <param name="without">A node that it shall no longer be linked to, or none.</param>
    private void LinkKeepingTree(int node, int added, int without) => LinkKeepingTree(node, [(uint)added], without);

    private void LinkKeepingTree(int node, ReadOnlySpan<uint> added, int without)
    {
        var layer = _graph.Ground;
        var links = layer.LinkSpan(node);
        if (without == SpanningTree.None && links.Length + added.Length <= layer.Degree)
        {
            foreach (var target in added) layer.TryAdd(node, (int)target);
            return;
        }

        Span<uint> candidates = stackalloc uint[links.Length + added.Length];
        var count = 0;
        foreach (var link in links)
        {
            if (link != (uint)without) candidates[count++] = link;
        }
        foreach (var target in added)
        {
            if (target != (uint)node && !candidates[..count].Contains(target)) candidates[count++] = target;
        }
        count = WithOneEqual(node, candidates[..count]);
        // Taken before choosing, which writes where it chooses.
        Span<uint> kept = stackalloc uint[layer.Degree];
        var keptCount = 0;
        foreach (var link in links)
        {
            if (link != (uint)without && Tree().Holds(node, (int)link)) kept[keptCount++] = link;
        }
        foreach (var chosen in _chooser.ChooseAmong(layer, node, candidates[..count]))
        {
            if (keptCount < kept.Length && !kept[..keptCount].Contains(chosen)) kept[keptCount++] = chosen;
        }
        layer.Replace(node, kept[..keptCount]);
    }

    /// <summary>Leaves out all but the first of the candidates that equal a node: nothing is nearer, they would take all places.</summary>
    private int WithOneEqual(int node, Span<uint> candidates)
    {
        int count = 0, equals = 0;
        foreach (var candidate in candidates)
        {
            if (!_rows.AreEqual(node, (int)candidate) || equals++ == 0) candidates[count++] = candidate;
        }
        return count;
    }

    /// <summary>Links the neighbours of a deleted item past it, and leads what was reached through it another way.</summary>
    private void Bypass(int item)
    {
        var tree = Tree();
        var layer = _graph.Ground;
        Span<uint> neighbors = stackalloc uint[layer.Degree];
        var count = 0;
        foreach (var link in layer.LinkSpan(item)) neighbors[count++] = link;
        neighbors = neighbors[..count];
        foreach (var child in neighbors)
        {
            if (tree.Holds(item, (int)child)) MoveChild((int)child, item, neighbors);
        }

        var parent = tree.ParentOf(item);
        if (tree.HasChildren(item)) parent = SpanningTree.None;
        else tree.Detach(item);
        Span<uint> others = stackalloc uint[count];
        foreach (var neighbor in neighbors)
        {
            // While the tree needs the way through the item, its parent keeps the link.
            if (!layer.LinkSpan((int)neighbor).Contains((uint)item) || (tree.Contains(item) && tree.ParentOf(item) == neighbor)) continue;
            var live = 0;
            foreach (var other in neighbors)
            {
                if (other != neighbor && !_deleted.Contains((int)other)) others[live++] = other;
            }
            LinkKeepingTree((int)neighbor, others[..live], without: item);
        }
        if (parent != SpanningTree.None && layer.LinkSpan(parent).Contains((uint)item)) LinkKeepingTree(parent, [], without: item);
    }

    /// <summary>Finds another way to a node that is reached through a deleted one; where none is near, that way stays.</summary>
    private void MoveChild(int child, int item, ReadOnlySpan<uint> neighbors)
    {
        var tree = Tree();
        // A node that is linked to the child already costs no link; then one that can take a new one.
        foreach (var near in neighbors)
        {
            if (IsWay((int)near, child, item) && _graph.Ground.LinkSpan((int)near).Contains((uint)child))
            {
                tree.Attach(child, (int)near);
                return;
            }
        }
        // Those that are equal stay together.
        foreach (var near in neighbors)
        {
            if (IsWay((int)near, child, item) && _rows.AreEqual((int)near, child) && tree.TryAdopt((int)near, child)) return;
        }
        foreach (var near in _graph.Ground.LinkSpan(child))
        {
            if (IsWay((int)near, child, item) && tree.TryAdopt((int)near, child)) return;
        }
        foreach (var near in neighbors)
        {
            if (IsWay((int)near, child, item) && tree.TryAdopt((int)near, child)) return;
        }
    }

    private bool IsWay(int parent, int child, int item) =>
        parent != item && parent != child && !_deleted.Contains(parent) && Tree().Contains(parent) && !Tree().IsBelow(parent, child);

    private QueryCode QueryOf(int item) => _graph.Codec.EncodeQuery(_rows.Row(item), asRow: true, _scratch.QueryCodes, _scratch.Transformed);

    /// <summary>Such a row has no place on the sphere on which links are chosen, and would seem near to everything.</summary>
    private bool IsLongerThanRadius(int item) =>
        Kernels.FloatKernels.Dot(_rows.Row(item), _rows.Row(item), _rows.Stride) > _graph.Codec.Radius * _graph.Codec.Radius;

    private LinkChooser<RowSpace> NewChooser(PackedCodec codec) =>
        new(new RowSpace(_rows, codec.Metric, codec.Radius), _options.M, NeighborSelection.LeastLinks(codec.Metric, _options.M), _options.EfConstruction);

    /// <summary>
    /// Fits the codec anew and encodes all rows with it, where it was fitted to so few that it tells nothing of the others. Readers may be at
    /// the old codes: these are kept, few as they are, until the index is freed.
    /// </summary>
    private void RefitIfNeeded(int items)
    {
        var outgrown = _graph.Codec.Metric == SimilarityMetric.DotProduct && items < RefitFactor * RefitBelow && IsLongerThanRadius(items - 1);
        if (!outgrown && (_graph.Fitted >= RefitBelow || items <= RefitFactor * _graph.Fitted)) return;
        var (codec, codes) = GraphPlan.Refit(_rows, _deleted, _graph.Codec.Metric);
        _retired.Add(_graph.Codes);
        _chooser = NewChooser(codec);
        Volatile.Write(ref _graph, _graph with { Codec = codec, Codes = codes, Fitted = items });
    }
}
