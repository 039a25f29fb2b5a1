using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>
/// Which items follow each other in what users do: for each item a bounded list of decayed, directed connections, heaviest first, fresh with
/// every interaction. One writer (the applier), readers take a copy and read again where it changed meanwhile.
/// </summary>
/// <remarks>
/// No object an item or an edge: 32 bytes a node and blocks of 4, 8, 16, ... edges of 8 bytes each, so an item costs 64 bytes with four
/// connections and <c>32 + 8 · MaximumEdges</c> (1,056 by default) at most, however much happens.
/// </remarks>
public sealed class ItemGraph : IDisposable
{
    /// <summary>Interactions around one that are worth telling, for each of the window: the window itself, and as much again to find repeats in.</summary>
    public const int ContextPerWindow = 2;

    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int SmallestBlock = 4;
    private const int IntsPerCacheLine = 16;
    private const int NodesAhead = 16;

    // Below this a connection is too old to be seen beside the newest ones.
    private const float LeastWeight = 1e-30f;

    private readonly ItemGraphOptions _options;
    private readonly GraphWindow _window;
    private readonly BlockPool<int>[] _edges;
    private readonly BlockTable<GraphNode> _nodes = new(1, ChunkSize);
    private long _version;

    /// <summary>Makes an empty graph.</summary>
    public ItemGraph(ItemGraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _window = new GraphWindow(options);
        Clock = new GraphClock(options.HalfLife);
        var lengths = new List<int>();
        for (var length = SmallestBlock; length < options.MaximumEdges; length *= 2) lengths.Add(length);
        _edges = [.. lengths.Append(options.MaximumEdges).Select(length => new BlockPool<int>(IntsOf(length)))];
    }

    /// <summary>Connections kept of an item at most.</summary>
    public int MaximumEdges => _options.MaximumEdges;

    /// <summary>Interactions before and after one that it is connected with.</summary>
    public int Window => _options.Window;

    /// <summary>Changes with every interaction that changes the graph, the same way over a restart.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Memory held, in bytes.</summary>
    /// <remarks>Pages of a checkpoint's file count like any other: they become memory of its own as they change.</remarks>
    public long SizeBytes => _nodes.SizeBytes + _edges.Sum(pool => pool.SizeBytes);

    /// <summary>Keys that nodes may have: 0..NodeCapacity - 1.</summary>
    internal int NodeCapacity => _nodes.ChunkCount * ChunkSize;

    /// <summary>Where the nodes lie, by their keys. To be filled before anything is applied, and <see cref="EndRestorePages"/> must follow then.</summary>
    internal BlockTable<GraphNode> Nodes => _nodes;

    /// <summary>Where the edges lie, by <see cref="GraphNode.EdgeClass"/>: as many keys in a block as weights behind them.</summary>
    internal IReadOnlyList<BlockPool<int>> Edges => _edges;

    /// <summary>Its time.</summary>
    internal GraphClock Clock { get; }

    /// <summary>Connects an interaction with those of the same user around it. Writer only.</summary>
    /// <param name="interaction">What the user did.</param>
    /// <param name="before">What the user did before it, oldest first: as much as is known, the nearest are used.</param>
    /// <param name="after">What the user did after it, oldest first: not empty where the interaction came late.</param>
    /// <param name="historyLength">Interactions known of the user, this one included: each counts 1 / √ of it, so that heavy users do not drown the rest.</param>
    /// <param name="offset">Its place in the log. Nodes that have it already, restored from a checkpoint, are left alone.</param>
    public void Apply(in HistoryEvent interaction, ReadOnlySpan<HistoryEvent> before, ReadOnlySpan<HistoryEvent> after, int historyLength, LogOffset offset)
    {
        if (before.IsEmpty && after.IsEmpty) return;
        if (!GraphWindow.Connects(interaction)) return;
        var weight = Clock.WeightAt(interaction.EventTimeMs) / MathF.Sqrt(Math.Max(1, historyLength));
        if (weight < LeastWeight) return;
        var neighbors = _window.Collect(interaction.Item, before, after, weight);
        if (neighbors.IsEmpty) return;

        Connect(interaction.Item, neighbors, offset);
        Volatile.Write(ref _version, Math.Max(_version, offset.Value + 1));
    }

    /// <summary>Gives the memory back at once instead of when the collector finds that nobody has it. Nobody reads any more.</summary>
    public void Dispose()
    {
        _nodes.Dispose();
        foreach (var pool in _edges) pool.Dispose();
    }

    /// <summary>An interaction will be applied soon: its nodes are looked for in memory while others are applied. Writer only.</summary>
    internal void WillTouchNodes(ItemKey item, ReadOnlySpan<HistoryEvent> before)
    {
        WillTouchNode(item);
        foreach (ref readonly var happened in before[^Math.Min(before.Length, Window)..]) WillTouchNode(happened.Item);
    }

    /// <summary>An interaction will be applied very soon, and its nodes are there: now their connections are looked for. Writer only.</summary>
    internal void WillTouchEdges(ItemKey item, ReadOnlySpan<HistoryEvent> before)
    {
        WillTouchEdges(item);
        foreach (ref readonly var happened in before[^Math.Min(before.Length, Window)..]) WillTouchEdges(happened.Item);
    }

    /// <summary>Copies the connections of an item, heaviest first.</summary>
    /// <param name="item">The item.</param>
    /// <param name="connections">Receives as many as fit.</param>
    /// <returns>False for an item without any; <paramref name="connections"/> says nothing then.</returns>
    public bool TryRead(ItemKey item, GraphConnections connections)
    {
        if (!TryReadNode(item, connections, out var node)) return false;
        connections.Finish(node, GraphClock.Factor(node.Epoch, Clock.Epoch));
        return true;
    }

    /// <summary>Reads how much leads away from an item and to it, without its connections.</summary>
    /// <returns>False for an item without any.</returns>
    public bool TryReadTotals(ItemKey item, out float leaving, out float arriving)
    {
        var found = TryReadNode(item, null, out var node);
        var factor = found ? GraphClock.Factor(node.Epoch, Clock.Epoch) : 0;
        (leaving, arriving) = (node.Out * factor, node.In * factor);
        return found;
    }

    /// <summary>Reads how much leads to each of many items. Any thread.</summary>
    /// <param name="items">Keys.</param>
    /// <param name="arriving">[items]; 0 for an item without connections.</param>
    internal void ReadArriving(ReadOnlySpan<int> items, Span<float> arriving)
    {
        var now = Clock.Epoch;
        for (var i = 0; i < items.Length; i++)
        {
            // Nodes lie anywhere in memory, and each would be waited for in its turn.
            if (i + NodesAhead < items.Length) WillReadTotals(new ItemKey(items[i + NodesAhead]));
            arriving[i] = 0;
            ref var source = ref _nodes.TryFirst(items[i], out var found);
            if (!found) continue;
            var version = Volatile.Read(ref source.Version);
            var (total, epoch) = (source.In, source.Epoch);
            Volatile.ReadBarrier();
            if (version > 0 && Volatile.Read(ref source.Version) == version) arriving[i] = total * GraphClock.Factor(epoch, now);
            else if (version != 0 && TryReadTotals(new ItemKey(items[i]), out _, out total)) arriving[i] = total;
        }

        GC.KeepAlive(this);
    }

    /// <summary>The totals of an item will be read soon. Any thread: a hint.</summary>
    internal void WillReadTotals(ItemKey item)
    {
        ref readonly var node = ref _nodes.TryFirst(item.Value, out var found);
        if (found) CacheHint.WillRead(in node);
    }

    /// <summary>The heaviest connections of an item will be read soon; its totals should be there by now. Any thread: a hint, whatever a writer does.</summary>
    /// <param name="item">The item.</param>
    /// <param name="count">How many of them.</param>
    internal void WillRead(ItemKey item, int count)
    {
        ref readonly var node = ref _nodes.TryFirst(item.Value, out var found);
        if (!found) return;
        var (kind, place) = (node.EdgeClass, node.Block);
        if (kind >= _edges.Length || place < 0 || !_edges[kind].TryBlock(place, out var block)) return;
        // Keys, and behind half of the block as many weights.
        for (var i = 0; i < Math.Min(count, block.Length / 2); i += IntsPerCacheLine)
        {
            CacheHint.WillRead(in block[i]);
            CacheHint.WillRead(in block[(block.Length / 2) + i]);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Copies a node as it is, in the unit of its own epoch.</summary>
    internal bool TryReadNode(ItemKey item, GraphConnections? connections, out GraphNode node)
    {
        node = default;
        ref var source = ref _nodes.TryFirst(item.Value, out var found);
        if (!found) return false;
        for (var spin = default(SpinWait); ; spin.SpinOnce(sleep1Threshold: -1))
        {
            var version = Volatile.Read(ref source.Version);
            if (version == 0) return false;
            if (version < 0) continue;
            node = source;
            var copied = connections is null
                || (node.EdgeClass < _edges.Length && _edges[node.EdgeClass].TryBlock(node.Block, out var block) && connections.TryTake(node, block));
            Volatile.ReadBarrier();
            if (Volatile.Read(ref source.Version) != version) continue;
            // The memory of a file's pages is there for as long as the graph is.
            GC.KeepAlive(this);
            if (!copied) throw new InvalidOperationException("A node of the item graph names edges that do not exist.");
            return true;
        }
    }

    /// <summary>Puts back a node that a checkpoint kept. Before the first <see cref="Apply"/> only, and <see cref="EndRestore(TimeSpan, long, long, int)"/> must follow.</summary>
    internal void Restore(ItemKey item, in GraphNode kept, ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        var count = Math.Min(items.Length, MaximumEdges);
        ref var node = ref NodeOf(item);
        (node.Version, node.Out, node.In, node.Epoch) = (kept.Version, kept.Out, kept.In, kept.Epoch);
        while (_edges[node.EdgeClass].BlockLength / 2 < count) node.EdgeClass++;
        (node.Block, node.EdgeCount) = (_edges[node.EdgeClass].Allocate(), (ushort)count);
        var edges = EdgesOf(node);
        items[..count].CopyTo(edges.Items);
        weights[..count].CopyTo(edges.Weights);
        _version = Math.Max(_version, kept.Version);
    }

    /// <summary>
    /// Takes nodes and blocks for its own that were put back where they lie. Before the first <see cref="Apply"/> only, and
    /// <see cref="EndRestore(TimeSpan, long, long, int)"/> must follow. Each node has the next block of its class, so that none is nobody's and none two nodes'.
    /// </summary>
    /// <param name="expectedBlocks">Blocks of each class.</param>
    /// <exception cref="CheckpointCorruptException">The nodes name other blocks, or more edges than fit.</exception>
    internal void EndRestorePages(ReadOnlySpan<int> expectedBlocks)
    {
        Span<int> blocks = stackalloc int[_edges.Length];
        blocks.Clear();
        for (var chunk = 0; chunk < _nodes.ChunkCount; chunk++)
        {
            var nodes = _nodes.ChunkAt(chunk);
            for (var i = 0; i < nodes.Length; i++)
            {
                ref readonly var node = ref nodes[i];
                if (node.Version > 0 && node.EdgeClass < blocks.Length && node.Block == blocks[node.EdgeClass] && node.EdgeCount <= _edges[node.EdgeClass].BlockLength / 2)
                {
                    blocks[node.EdgeClass]++;
                    _version = Math.Max(_version, node.Version);
                }
                else if (!node.IsNone)
                {
                    throw new CheckpointCorruptException($"node {(chunk * ChunkSize) + i} of its item graph, of version {node.Version}, has {node.EdgeCount} edges in block {node.Block} of class {node.EdgeClass}");
                }
            }
        }

        for (var kind = 0; kind < blocks.Length; kind++)
        {
            if (blocks[kind] != expectedBlocks[kind])
                throw new CheckpointCorruptException($"its item graph has {expectedBlocks[kind]} blocks of class {kind}, and {blocks[kind]} nodes that have one");
            _edges[kind].EndRestore(blocks[kind]);
        }
    }

    /// <summary>Sets the clock to that of the checkpoint.</summary>
    internal void EndRestore(TimeSpan halfLife, long originMs, long latestMs, int epoch)
    {
        var factor = Clock.Restore(halfLife, originMs, latestMs, epoch);
        if (halfLife == Clock.HalfLife) return;
        for (var chunk = 0; chunk < _nodes.ChunkCount; chunk++)
            foreach (ref var node in _nodes.ChunkAt(chunk))
                if (node.Version != 0)
                    ChangeUnit(ref node, GraphClock.Factor(node.Epoch, epoch) * factor);
    }

    private void Connect(ItemKey item, ReadOnlySpan<GraphNeighbor> neighbors, LogOffset offset)
    {
        var back = (float)_options.BackwardWeight;
        ref var node = ref Begin(item, offset, out var changesNode);
        var (leaving, arriving) = (0f, 0f);
        foreach (var (other, strength, isLater) in neighbors)
        {
            // What came earlier leads here; from here it goes on to what came later.
            var (there, here) = isLater ? (strength * back, strength) : (strength, strength * back);
            ref var neighbor = ref Begin(other, offset, out var changesNeighbor);
            if (changesNeighbor)
            {
                if (there > 0) Strengthen(ref neighbor, item, there);
                neighbor.Out += there;
                neighbor.In += here;
                End(ref neighbor, offset);
            }

            if (changesNode && here > 0) Strengthen(ref node, other, here);
            leaving += here;
            arriving += there;
        }

        if (!changesNode) return;
        node.Out += leaving;
        node.In += arriving;
        End(ref node, offset);
    }

    private void WillTouchNode(ItemKey item)
    {
        ref readonly var node = ref _nodes.TryFirst(item.Value, out var found);
        if (found) CacheHint.WillRead(in node);
    }

    private void WillTouchEdges(ItemKey item)
    {
        ref readonly var node = ref _nodes.TryFirst(item.Value, out var found);
        if (!found || node.EdgeCount == 0) return;
        // The first line of the keys brings on those behind it; the weights are another stream.
        var block = _edges[node.EdgeClass].Block(node.Block);
        CacheHint.WillRead(in block[0]);
        CacheHint.WillRead(in block[block.Length / 2]);
    }

    private ref GraphNode NodeOf(ItemKey item)
    {
        while (item.Value >> ChunkBits >= _nodes.ChunkCount) _nodes.AddChunk();
        return ref _nodes.First(item.Value);
    }

    /// <summary>Opens a node for change and brings its weights to the unit of now.</summary>
    private ref GraphNode Begin(ItemKey item, LogOffset offset, out bool changes)
    {
        ref var node = ref NodeOf(item);
        changes = node.Version <= offset.Value;
        if (!changes) return ref node;
        var isNew = node.Version == 0;
        Volatile.Write(ref node.Version, ~(offset.Value + 1));
        Volatile.WriteBarrier();
        if (isNew) (node.Block, node.Epoch) = (_edges[0].Allocate(), Clock.Epoch);
        else if (node.Epoch != Clock.Epoch) ChangeUnit(ref node, GraphClock.Factor(node.Epoch, Clock.Epoch));
        return ref node;
    }

    private void ChangeUnit(ref GraphNode node, float factor)
    {
        foreach (ref var weight in EdgesOf(node).Weights) weight *= factor;
        (node.Out, node.In, node.Epoch) = (node.Out * factor, node.In * factor, Clock.Epoch);
    }

    private static int IntsOf(int edges) => 2 * edges;

    private static void End(ref GraphNode node, LogOffset offset) => Volatile.Write(ref node.Version, offset.Value + 1);

    private GraphEdges EdgesOf(in GraphNode node) => new(_edges[node.EdgeClass].Block(node.Block), node.EdgeCount);

    private void Strengthen(ref GraphNode node, ItemKey target, float weight)
    {
        if (node.EdgeCount == _edges[node.EdgeClass].BlockLength / 2 && node.EdgeCount < MaximumEdges && !EdgesOf(node).Items.Contains(target.Value)) Grow(ref node);
        node.EdgeCount = (ushort)EdgesOf(node).Strengthen(target.Value, weight);
    }

    private void Grow(ref GraphNode node)
    {
        var pool = _edges[node.EdgeClass + 1];
        var block = pool.Allocate();
        var to = new GraphEdges(pool.Block(block), node.EdgeCount);
        var edges = EdgesOf(node);
        edges.Items.CopyTo(to.Items);
        edges.Weights.CopyTo(to.Weights);
        _edges[node.EdgeClass].Free(node.Block);
        node.EdgeClass++;
        node.Block = block;
    }
}
