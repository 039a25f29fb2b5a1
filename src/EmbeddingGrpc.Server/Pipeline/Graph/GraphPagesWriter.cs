using System.Runtime.InteropServices;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>
/// Writes a graph as it will lie in memory, one node after the other: a chunk of nodes, or of blocks of a class, is gathered and written when it is full. Nothing of the graph is
/// held meanwhile but one chunk of each. One thread, beside the graph's writer. The section:
/// <code>
/// chunks: nodes of 32 bytes by their keys, or blocks of edges of one class; whole ones, and at the end the last of each kind, cut
/// index:  half-life in ms f64 · origin i64 · latest i64 · epoch i32 · maximum edges i32 · classes i32 · blocks i32 of each class · nodes i32 · chunks i32 · kind u8 of each chunk
/// </code>
/// A kind is 0 for nodes, or the class plus one. Blocks of a class are those of its nodes in the order of their keys.
/// </summary>
internal sealed class GraphPagesWriter
{
    /// <summary>The kind of a chunk of nodes. Of blocks: their class, plus one.</summary>
    public const byte NodesKind = 0;

    private readonly ItemGraph _graph;
    private readonly CheckpointOutput _output;
    private readonly List<byte> _kinds = [];
    private readonly GraphNode[] _nodes;
    private readonly ChunkWriter[] _blocks;
    private int _nodeCount;

    /// <summary>Begins with nothing written.</summary>
    public GraphPagesWriter(ItemGraph graph, CheckpointOutput output)
    {
        (_graph, _output) = (graph, output);
        _nodes = new GraphNode[graph.Nodes.ChunkBlocks];
        _blocks = [.. graph.Edges.Select((pool, edgeClass) => ChunkWriter.For(pool.Blocks, (byte)(edgeClass + 1), _kinds, output))];
    }

    /// <summary>Writes chunks and index.</summary>
    /// <param name="beforeEach">Called before each node; what it throws ends the work.</param>
    public void Write(Action beforeEach) => _output.WritePages(() => WriteChunks(beforeEach), WriteIndex, _kinds);

    private void WriteChunks(Action beforeEach)
    {
        var connections = new GraphConnections(_graph.MaximumEdges);
        var capacity = _graph.NodeCapacity;
        for (var item = 0; item < capacity; item++)
        {
            beforeEach();
            ref var node = ref _nodes[item % _nodes.Length];
            if (_graph.TryReadNode(new ItemKey(item), connections, out node))
            {
                AddBlock(ref node, connections);
                _nodeCount = item + 1;
            }

            if ((item + 1) % _nodes.Length == 0 && item + 1 < capacity) WriteNodes(_nodes.Length);
        }

        // The last of each kind, as far as it goes.
        if (_nodeCount > WrittenNodes) WriteNodes(_nodeCount - WrittenNodes);
        else _nodeCount = WrittenNodes;
        foreach (var blocks in _blocks) blocks.End();
    }

    private int WrittenNodes => _kinds.Count(kind => kind == NodesKind) * _nodes.Length;

    private void AddBlock(ref GraphNode node, GraphConnections connections)
    {
        byte kind = 0;
        while (_graph.Edges[kind].BlockLength / 2 < connections.Count) kind++;
        (node.EdgeClass, node.Block) = (kind, _blocks[kind].Count);
        var block = MemoryMarshal.Cast<byte, int>(_blocks[kind].Next());
        connections.Items.CopyTo(block);
        MemoryMarshal.Cast<float, int>(connections.Weights).CopyTo(block[(block.Length / 2)..]);
    }

    private void WriteNodes(int count)
    {
        _kinds.Add(NodesKind);
        _output.Write(MemoryMarshal.AsBytes(_nodes.AsSpan(0, count)));
    }

    private void WriteIndex()
    {
        // After the nodes: the first interaction may have come while they were written, and they are in its units.
        _output.Write(_graph.Clock.HalfLife.TotalMilliseconds);
        _output.Write(_graph.Clock.OriginMs);
        _output.Write(_graph.Clock.LatestMs);
        _output.Write(_graph.Clock.Epoch);
        _output.Write(_graph.MaximumEdges);
        _output.Write(_blocks.Length);
        foreach (var blocks in _blocks) _output.Write(blocks.Count);
        _output.Write(_nodeCount);
    }
}
