using System.Runtime.ExceptionServices;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Builds a graph with several threads. Levels are drawn beforehand, so that every layer's nodes are known, the entry never changes, and one
/// thread builds the same graph every time. A node's links are written under its lock and read without.
/// </summary>
/// <remarks>
/// Walks and choices are made on 8-bit codes, which are given back at the end: finer than the packed ones, because links are for good, and a
/// quarter of the floats' memory traffic.
/// </remarks>
internal sealed unsafe class GraphBuilder<TKeys> : IDisposable
    where TKeys : struct, IWalkKeys
{
    private const int ProgressEvery = 1024;
    private const int RowsAThread = 64;

    private readonly VectorRows _rows;
    private readonly ItemBits _deleted;
    private readonly FineCodec _fine;
    private readonly CodeRows _codes;
    private readonly PackedCodec _packed;
    private readonly CodeRows _packedCodes;
    private readonly HnswOptions _options;
    private readonly byte[] _levels;
    private readonly int _entryItem;
    private readonly GraphLayer[] _layers;
    private readonly NodeLocks[] _locks;
    private int _next;
    private int _done;
    private volatile bool _failed;

    private GraphBuilder(VectorRows rows, ItemBits deleted, SimilarityMetric metric, HnswOptions options)
    {
        _rows = rows;
        _deleted = deleted;
        _options = options;
        _fine = FineCodecFitter.Fit(rows, metric);
        _packed = PackedCodecFitter.Fit(rows, metric, _fine.Mean.ToArray(), _fine.Radius, CodePrecision.EightBits);
        (_levels, _entryItem) = DrawLevels();
        var capacity = IndexCapacity.For(rows.Base);
        _layers = LayersOf(capacity);
        _locks = Array.ConvertAll(_layers, _ => new NodeLocks());
        _codes = new CodeRows(_fine.Stride, rows.Count, rows.Count);
        _packedCodes = new CodeRows(_packed.Layout.Stride, capacity, rows.Count);
    }

    /// <summary>Encodes every row, links every live item, and makes each reachable.</summary>
    public static HnswGraph Build(
        VectorRows rows, ItemBits deleted, SimilarityMetric metric, HnswOptions options, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        using var builder = new GraphBuilder<TKeys>(rows, deleted, metric, options);
        var graph = builder.GraphOfParts();
        try
        {
            builder.Run(progress, cancellationToken);
            return graph;
        }
        catch
        {
            graph.Free();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _codes.Dispose();

    private (byte[] Levels, int EntryItem) DrawLevels()
    {
        var draw = new LevelDraw(_options.Seed, _options.M);
        var levels = new byte[_rows.Count];
        var entryItem = -1;
        for (var item = 0; item < levels.Length; item++)
        {
            if (_deleted.Contains(item)) continue;
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
        for (var i = 0; i <= top; i++) layers[i] = new GraphLayer(i, i == 0 ? 2 * _options.M : _options.M, capacity, counts[i]);
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

    private HnswGraph GraphOfParts() =>
        new(_packed, _packedCodes, _layers, _entryItem < 0 ? -1 : NodeOf(_entryItem, _layers.Length - 1), _rows.Count);

    private void Run(IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var count = _rows.Count;
        var threads = _options.BuildThreads == 0 ? Environment.ProcessorCount : _options.BuildThreads;
        threads = Math.Clamp(threads, 1, Math.Max(1, count / RowsAThread));
        // Codes of all rows first: afterwards they are only read.
        InParallel(threads, scratch => ForEach(count, item => Encode(item, scratch), null, cancellationToken));
        InParallel(
            threads,
            scratch =>
            {
                var chooser = new LinkChooser<CodeSpace<TKeys>>(
                    new CodeSpace<TKeys>(_fine, _codes, scratch.OtherCodes), _options.M, _options.EfConstruction);
                ForEach(count, item => Insert(item, scratch, chooser), progress, cancellationToken);
            });
        if (_entryItem >= 0)
        {
            using var scratch = NewScratch();
            Reachability<TKeys>.Restore(
                _layers[0],
                _codes,
                _entryItem,
                _deleted,
                item => _fine.EncodeRowAsQuery(_rows.Row(item), scratch.QueryCodes, scratch.Transformed),
                _options.EfConstruction,
                scratch,
                out _).Dispose();
        }
        progress?.Report(count);
    }

    private void Encode(int item, SearchScratch scratch)
    {
        _fine.Encode(_rows.Row(item), _codes.Row(item), scratch.Transformed);
        _packed.Encode(_rows.Row(item), _packedCodes.Row(item), scratch.Transformed);
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
        void Work()
        {
            try
            {
                using var scratch = NewScratch();
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
            helpers[i] = new Thread(Work) { IsBackground = true, Name = $"hnsw-build-{i + 1}" };
            helpers[i].Start();
        }
        Work();
        foreach (var helper in helpers) helper.Join();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    private SearchScratch NewScratch() => new(Math.Max(_rows.Stride, _fine.Stride), _fine.Stride);

    private void Insert(int item, SearchScratch scratch, LinkChooser<CodeSpace<TKeys>> chooser)
    {
        if (item == _entryItem || _deleted.Contains(item)) return;
        var level = _levels[item];
        var query = _fine.EncodeRowAsQuery(_rows.Row(item), scratch.QueryCodes, scratch.Transformed);
        var halfNorm = _fine.HalfSquaredNorm(_codes.Row(item));
        var node = NodeOf(_entryItem, _layers.Length - 1);
        for (var i = _layers.Length - 1; i >= 0; i--)
        {
            var layer = _layers[i];
            if (i > level)
            {
                node = GraphWalk<TKeys>.Descend(layer, _rows.Count, _codes, query, node, scratch);
            }
            else
            {
                var pool = scratch.Candidates(_options.EfConstruction);
                GraphWalk<TKeys>.Run(layer, layer.Count, _codes, query, node, ref pool, scratch);
                Choose(layer, pool, query, halfNorm, scratch, chooser);
                node = pool.NodeAt(0);
            }
            node = layer.Below(node);
        }

        // From the bottom up: who meets the node on a layer finds its links on all layers below.
        for (var i = 0; i <= level; i++) Link(_layers[i], _locks[i], NodeOf(item, i), chooser);
    }

    private static void Choose(
        GraphLayer layer, in CandidatePool pool, in QueryCode query, float halfNorm, SearchScratch scratch, LinkChooser<CodeSpace<TKeys>> chooser)
    {
        scratch.MakeRoom(pool.Count);
        var candidates = new Span<uint>(scratch.Items, pool.Count);
        var distances = new Span<float>(scratch.Keys, pool.Count);
        for (var i = 0; i < pool.Count; i++)
        {
            candidates[i] = (uint)pool.NodeAt(i);
            distances[i] = TKeys.Distance(pool.KeyAt(i), query) + halfNorm;
        }
        chooser.Choose(layer, candidates, distances);
    }

    private static void Link(GraphLayer layer, NodeLocks locks, int node, LinkChooser<CodeSpace<TKeys>> chooser)
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
}
