using System.Runtime.ExceptionServices;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Builds a graph with several threads. Levels are drawn beforehand, so that every layer's nodes are known, the entry never changes, and one
/// thread builds the same graph every time. A node's links are written under its lock and read without.
/// </summary>
internal sealed unsafe class GraphBuilder<TKeys>
    where TKeys : struct, IWalkKeys
{
    private const int ProgressEvery = 1024;

    private readonly VectorRows _rows;
    private readonly Codec _codec;
    private readonly CodeRows _codes;
    private readonly GraphLayer[] _layers;
    private readonly byte[] _levels;
    private readonly HnswOptions _options;
    private readonly NodeLocks[] _locks;
    private readonly int _entryItem;
    private int _next;
    private int _done;
    private volatile bool _failed;

    private GraphBuilder(VectorRows rows, Codec codec, CodeRows codes, GraphLayer[] layers, byte[] levels, int entryItem, HnswOptions options)
    {
        _rows = rows;
        _codec = codec;
        _codes = codes;
        _layers = layers;
        _levels = levels;
        _entryItem = entryItem;
        _options = options;
        _locks = Array.ConvertAll(layers, _ => new NodeLocks());
    }

    /// <summary>Encodes every row, links every node, and makes every node reachable.</summary>
    public static HnswGraph Build(VectorRows rows, Codec codec, HnswOptions options, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var draw = new LevelDraw(options.Seed, options.M);
        var levels = new byte[rows.Count];
        var entryItem = -1;
        for (var item = 0; item < levels.Length; item++)
        {
            levels[item] = (byte)draw.LevelOf(item);
            if (entryItem < 0 || levels[item] > levels[entryItem]) entryItem = item;
        }

        var capacity = GraphCapacity.For(rows.Count);
        CodeRows? codes = null;
        GraphLayer[] layers = [];
        try
        {
            codes = new CodeRows(codec.Stride, capacity, rows.Count);
            layers = LayersOf(levels, entryItem < 0 ? 0 : levels[entryItem], options.M, capacity);
            var builder = new GraphBuilder<TKeys>(rows, codec, codes, layers, levels, entryItem, options);
            builder.RunThreads(progress, cancellationToken);
            var graph = new HnswGraph(codec, codes, layers, entryItem < 0 ? -1 : builder.NodeOf(entryItem, layers.Length - 1));
            Reachability<TKeys>.Repair(graph, rows.Count, options.EfConstruction);
            return graph;
        }
        catch
        {
            codes?.Dispose();
            foreach (var layer in layers) layer.Dispose();
            throw;
        }
    }

    private static GraphLayer[] LayersOf(byte[] levels, int top, int m, long capacity)
    {
        var counts = new int[top + 1];
        foreach (var level in levels)
        {
            for (var i = 0; i <= level; i++) counts[i]++;
        }
        var layers = new GraphLayer[top + 1];
        for (var i = 0; i <= top; i++) layers[i] = new GraphLayer(i, i == 0 ? 2 * m : m, capacity, counts[i]);
        var filled = new int[top + 1];
        for (var item = 0; item < levels.Length; item++)
        {
            var below = item;
            for (var i = 1; i <= levels[item]; i++)
            {
                var node = filled[i]++;
                layers[i].Nodes[2 * node] = item;
                layers[i].Nodes[(2 * node) + 1] = below;
                below = node;
            }
        }
        return layers;
    }

    private void RunThreads(IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var count = _rows.Count;
        var threads = _options.BuildThreads == 0 ? Environment.ProcessorCount : _options.BuildThreads;
        threads = Math.Clamp(threads, 1, Math.Max(1, count / 64));
        // Codes of all rows first: afterwards they are only read.
        InParallel(threads, scratch => ForEach(count, item => _codec.Encode(_rows.Row(item), _codes.Row(item), scratch.Transformed), null, cancellationToken));
        if (count > 1)
        {
            InParallel(
                threads,
                scratch =>
                {
                    var chooser = new LinkChooser<TKeys>(_codec, _codes, _options.M, _options.EfConstruction);
                    ForEach(count, item => Insert(item, scratch, chooser), progress, cancellationToken);
                });
        }
        progress?.Report(count);
    }

    private void ForEach(int count, Action<int> action, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        int item;
        while (!_failed && (item = Interlocked.Increment(ref _next) - 1) < count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            action(item);
            if (progress is not null && Interlocked.Increment(ref _done) % ProgressEvery == 0) progress.Report(_done);
        }
    }

    private void InParallel(int threads, Action<SearchScratch> work)
    {
        _next = 0;
        _failed = false;
        Exception? failure = null;
        void Run()
        {
            using var scratch = new SearchScratch(_rows.Stride, _codec.Stride);
            try
            {
                work(scratch);
            }
            catch (Exception e)
            {
                // Whatever it is ends the build: the others stop, and the caller gets it.
                Interlocked.CompareExchange(ref failure, e, null);
                _failed = true;
            }
        }

        var helpers = new Thread[threads - 1];
        for (var i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(Run) { IsBackground = true, Name = $"hnsw-build-{i + 1}" };
            helpers[i].Start();
        }
        Run();
        foreach (var helper in helpers) helper.Join();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    private void Insert(int item, SearchScratch scratch, LinkChooser<TKeys> chooser)
    {
        if (item == _entryItem) return;
        var level = _levels[item];
        var query = _codec.EncodeRowAsQuery(_rows.Row(item), scratch.QueryCodes, scratch.Transformed);
        var halfNorm = _codec.HalfSquaredNorm(_codes.Row(item));
        var node = NodeOf(_entryItem, _layers.Length - 1);
        for (var i = _layers.Length - 1; i >= 0; i--)
        {
            var layer = _layers[i];
            if (i > level)
            {
                node = GraphWalk<TKeys>.Descend(layer, layer.Count, _codes, query, node);
            }
            else
            {
                var pool = scratch.Candidates(_options.EfConstruction);
                GraphWalk<TKeys>.Run(layer, layer.Count, _codes, query, node, ref pool, scratch);
                chooser.Choose(layer, pool, query, halfNorm, scratch);
                node = pool.NodeAt(0);
            }
            node = layer.Below(node);
        }

        // From the bottom up: who meets the node on a layer finds its links on all layers below.
        for (var i = 0; i <= level; i++) Link(_layers[i], _locks[i], NodeOf(item, i), chooser, scratch);
    }

    private static void Link(GraphLayer layer, NodeLocks locks, int node, LinkChooser<TKeys> chooser, SearchScratch scratch)
    {
        var chosen = chooser.Chosen(layer.Level);
        locks.Enter(node);
        GraphLinks.Replace(layer, node, chosen);
        locks.Exit(node);
        foreach (var neighbor in chosen)
        {
            locks.Enter((int)neighbor);
            chooser.LinkBack(layer, (int)neighbor, node, scratch);
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
}
