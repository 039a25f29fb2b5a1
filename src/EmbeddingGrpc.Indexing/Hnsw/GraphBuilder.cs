using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Links items to a graph with several threads. Levels are drawn beforehand, so that every layer's nodes are known, the entry never changes,
/// and one thread builds the same graph every time. A node's links are written under its lock and read without.
/// </summary>
/// <remarks>
/// Walks and choices are made on codes that are given back at the end: mostly of 8 bits, finer than those of searches, because links are for
/// good, and a quarter of the floats' memory traffic.
/// </remarks>
/// <typeparam name="TKeys">Turns codes into the keys of a walk.</typeparam>
/// <typeparam name="TSpace">Measures distances between items.</typeparam>
internal sealed unsafe class GraphBuilder<TKeys, TSpace>
    where TKeys : struct, IWalkKeys
    where TSpace : struct, IDistanceSpace
{
    private const int ProgressEvery = 1024;

    /// <summary>
    /// Items that one thread links before the others join. While there are few, who was inserted without seeing whom decides how many links lead to
    /// the first for good, and the first are the most popular: of ten builds by two threads, two led to the most popular item by 1 and 3 links
    /// instead of 22. Takes less than a hundredth of the time of a build that takes any.
    /// </summary>
    private const int LinkedAlone = 1024;

    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly HnswOptions _options;
    private readonly BuildCodes<TSpace> _codes;
    private readonly EqualRows _equal;
    private readonly BuildThreads _threads;
    private readonly Func<SearchScratch> _newScratch;
    private readonly byte[] _levels;
    private readonly int _entryItem;
    private readonly GraphLayer[] _layers;
    private readonly NodeLocks[] _locks;
    private int _done;

    /// <summary>Draws levels and makes the layers, without links.</summary>
    /// <param name="rows">The items' vectors.</param>
    /// <param name="deleted">Items that are not linked.</param>
    /// <param name="options">Shape of the graph.</param>
    /// <param name="codes">What it is built with.</param>
    /// <param name="threads">Who builds.</param>
    /// <param name="newScratch">Makes a scratch for a thread.</param>
    /// <param name="cancellationToken">Checked between pieces of the rows.</param>
    public GraphBuilder(
        VectorRows rows,
        ItemBits deleted,
        HnswOptions options,
        BuildCodes<TSpace> codes,
        BuildThreads threads,
        Func<SearchScratch> newScratch,
        CancellationToken cancellationToken)
    {
        _rows = rows;
        _deleted = deleted;
        _options = options;
        _codes = codes;
        _threads = threads;
        _newScratch = newScratch;
        _equal = new EqualRows(rows, deleted, threads, cancellationToken);
        (_levels, _entryItem) = DrawLevels();
        _layers = LayersOf(IndexCapacity.For(rows.Base));
        _locks = Array.ConvertAll(_layers, _ => new NodeLocks());
    }

    /// <summary>Links every live item, and makes each reachable. Called once.</summary>
    /// <returns>The layers, and the node of the top one where searches start, or -1.</returns>
    public (GraphLayer[] Layers, int Entry) Build(IProgress<int>? progress, CancellationToken cancellationToken)
    {
        try
        {
            var count = _rows.Count;
            var alone = LinkAlone(Math.Min(count, LinkedAlone), progress, cancellationToken);
            _threads.ForEach(count - alone, () => new Worker(this), (worker, piece) => Insert(alone + piece, worker, progress), cancellationToken);
            LinkEqual(cancellationToken);
            if (_entryItem >= 0)
            {
                using var scratch = _newScratch();
                Reachability<TKeys>.Restore(
                    _layers[0], _codes.Rows, _entryItem, _deleted, item => _codes.QueryOf(item, scratch), _options.EfConstruction, scratch, out _).Dispose();
            }
            progress?.Report(count);
            return (_layers, _entryItem < 0 ? -1 : NodeOf(_entryItem, _layers.Length - 1));
        }
        catch
        {
            foreach (var layer in _layers) layer.Dispose();
            throw;
        }
    }

    private int LinkAlone(int count, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        using var worker = new Worker(this);
        for (var item = 0; item < count; item++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Insert(item, worker, progress);
        }
        return count;
    }

    private (byte[] Levels, int EntryItem) DrawLevels()
    {
        var draw = new LevelDraw(_options.Seed, _options.M);
        var levels = new byte[_rows.Count];
        var entryItem = -1;
        for (var item = 0; item < levels.Length; item++)
        {
            if (_deleted.Contains(item) || _equal.IsRepeat(item)) continue;
            levels[item] = (byte)draw.LevelOf(item);
            if (entryItem < 0 || levels[item] > levels[entryItem]) entryItem = item;
        }
        return (levels, entryItem);
    }

    private GraphLayer[] LayersOf(long capacity)
    {
        var top = _entryItem < 0 ? 0 : _levels[_entryItem];
        var counts = new int[top + 1];
        foreach (var level in _levels)
        {
            for (var i = 0; i <= level; i++) counts[i]++;
        }
        var layers = new GraphLayer[top + 1];
        try
        {
            for (var i = 0; i <= top; i++) layers[i] = new GraphLayer(i, i == 0 ? 2 * _options.M : _options.M, capacity, counts[i]);
        }
        catch
        {
            foreach (var layer in layers) layer?.Dispose();
            throw;
        }
        var filled = new int[top + 1];
        for (var item = 0; item < _levels.Length; item++)
        {
            var below = item;
            for (var i = 1; i <= _levels[item]; i++)
            {
                var node = filled[i]++;
                layers[i].Nodes[2 * node] = item;
                layers[i].Nodes[(2 * node) + 1] = below;
                below = node;
            }
        }
        return layers;
    }

    private void Insert(int item, Worker worker, IProgress<int>? progress)
    {
        if (progress is not null && Interlocked.Increment(ref _done) % ProgressEvery == 0) progress.Report(_done);
        if (item == _entryItem || _deleted.Contains(item) || _equal.IsRepeat(item)) return;
        var (scratch, chooser) = (worker.Scratch, worker.Chooser);
        var level = _levels[item];
        var query = _codes.QueryOf(item, scratch);
        var node = NodeOf(_entryItem, _layers.Length - 1);
        for (var i = _layers.Length - 1; i >= 0; i--)
        {
            var layer = _layers[i];
            if (i > level)
            {
                node = GraphWalk<TKeys>.Descend(layer, _rows.Count, _codes.Rows, query, node, scratch);
            }
            else
            {
                var pool = scratch.Candidates(_options.EfConstruction);
                var most = CandidatePool.Rounded((int)(_codes.ExpandedShare * _options.EfConstruction));
                GraphWalk<TKeys>.Run(layer, layer.Count, _codes.Rows, query, node, ref pool, scratch, most);
                Choose(layer, pool, query, item, scratch, chooser);
                node = pool.NodeAt(0);
            }
            node = layer.Below(node);
        }

        // From the bottom up: who meets the node on a layer finds its links on all layers below.
        for (var i = 0; i <= level; i++) Link(_layers[i], _locks[i], NodeOf(item, i), chooser);
    }

    /// <summary>Hangs the repeats of each row on it, when all others are linked: a walk that meets them finds little else.</summary>
    private void LinkEqual(CancellationToken cancellationToken)
    {
        // Nothing leads to the repeats until all have their links, so that no walk meets any.
        _threads.ForEach(_equal.Groups.Count, () => new Worker(this), (worker, group) => LinkRepeats(_equal.Groups[group], worker.Scratch), cancellationToken);
        var ground = _layers[0];
        foreach (var group in _equal.Groups)
        {
            for (var i = 1; i <= EqualLinks.Children(ground.Degree) && i < group.Length; i++)
            {
                if (!ground.TryAdd(group[0], group[i])) ground.Replace(group[0], ground.Degree - i, group[i]);
            }
        }
    }

    private void LinkRepeats(int[] group, SearchScratch scratch)
    {
        var ground = _layers[0];
        var children = EqualLinks.Children(ground.Degree);
        var outward = EqualLinks.Outward(ground.Degree);
        var pool = Near(group[0], EqualLinks.PoolSize(_options.EfConstruction, wanted: (group.Length - 1L) * outward), scratch);
        scratch.MakeRoom(pool.Count);
        var near = new Span<uint>(scratch.Items, pool.Count);
        var nearCount = 0;
        for (var i = 0; i < pool.Count; i++)
        {
            if (pool.NodeAt(i) != group[0]) near[nearCount++] = (uint)pool.NodeAt(i);
        }
        Span<uint> links = stackalloc uint[ground.Degree];
        for (var i = 1; i < group.Length; i++)
        {
            links[0] = (uint)group[(i - 1) / children];
            var count = 1 + EqualLinks.Share(near[..nearCount], i - 1, links.Slice(1, outward));
            for (var child = ((long)children * i) + 1; child <= (long)children * (i + 1) && child < group.Length; child++) links[count++] = (uint)group[child];
            ground.Replace(group[i], links[..count]);
        }
    }

    private CandidatePool Near(int item, int ef, SearchScratch scratch)
    {
        var query = _codes.QueryOf(item, scratch);
        var node = GraphWalk<TKeys>.DescendToGround(_layers, _rows.Count, _codes.Rows, query, NodeOf(_entryItem, _layers.Length - 1), scratch);
        var pool = scratch.Candidates(ef);
        GraphWalk<TKeys>.Run(_layers[0], _layers[0].Count, _codes.Rows, query, node, ref pool, scratch);
        return pool;
    }

    private void Choose(GraphLayer layer, in CandidatePool pool, in QueryCode query, int item, SearchScratch scratch, LinkChooser<TSpace> chooser)
    {
        scratch.MakeRoom(pool.Count);
        var candidates = new Span<uint>(scratch.Items, pool.Count);
        for (var i = 0; i < pool.Count; i++) candidates[i] = (uint)pool.NodeAt(i);
        if (_codes.HalfNormOf is null)
        {
            chooser.Choose(layer, candidates, item);
            return;
        }
        var halfNorm = _codes.HalfNormOf(item);
        var distances = new Span<float>(scratch.Keys, pool.Count);
        for (var i = 0; i < pool.Count; i++) distances[i] = TKeys.Distance(pool.KeyAt(i), query) + halfNorm;
        chooser.Choose(layer, candidates, distances);
    }

    private static void Link(GraphLayer layer, NodeLocks locks, int node, LinkChooser<TSpace> chooser)
    {
        var chosen = chooser.Chosen(layer.Level);
        locks.Enter(node);
        layer.Replace(node, chosen);
        locks.Exit(node);
        foreach (var neighbor in chosen)
        {
            locks.Enter((int)neighbor);
            chooser.LinkBack(layer, (int)neighbor, node);
            locks.Exit((int)neighbor);
        }
    }

    /// <summary>An item's number on a layer: its nodes are in the order of items.</summary>
    private int NodeOf(int item, int level)
    {
        if (level == 0) return item;
        var layer = _layers[level];
        int low = 0, high = layer.Count - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (layer.Nodes[2 * middle] < item) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>What one thread works with.</summary>
    private sealed class Worker : IDisposable
    {
        public Worker(GraphBuilder<TKeys, TSpace> builder)
        {
            Scratch = builder._newScratch();
            Chooser = new LinkChooser<TSpace>(builder._codes.SpaceOf(Scratch), builder._options.M, builder._codes.LeastLinks, builder._options.EfConstruction);
        }

        public SearchScratch Scratch { get; }

        public LinkChooser<TSpace> Chooser { get; }

        public void Dispose() => Scratch.Dispose();
    }
}
