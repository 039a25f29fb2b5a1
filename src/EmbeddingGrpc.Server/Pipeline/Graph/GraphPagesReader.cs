using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>Fills an empty graph with what <see cref="GraphPagesWriter"/> wrote: with the pages themselves where its blocks are as long, otherwise node by node. Stateless.</summary>
internal static class GraphPagesReader
{
    /// <summary>Fills a graph.</summary>
    /// <exception cref="CheckpointCorruptException">Index and pages contradict each other.</exception>
    public static void Read(CheckpointPages pages, ItemGraph graph)
    {
        var index = pages.Index;
        var halfLifeMs = index.Read<double>();
        var (originMs, latestMs, epoch) = (index.Read<long>(), index.Read<long>(), index.Read<int>());
        var maximumEdges = index.Read<int>();
        if (!(halfLifeMs > 0 && halfLifeMs <= TimeSpan.MaxValue.TotalMilliseconds)) throw new CheckpointCorruptException($"its item graph has a half-life of {halfLifeMs} ms");
        if (maximumEdges is < 1 or > ushort.MaxValue) throw new CheckpointCorruptException($"its item graph has up to {maximumEdges} edges of an item");

        if (maximumEdges == graph.MaximumEdges)
        {
            ReadPages(pages, graph);
        }
        else
        {
            using var kept = new ItemGraph(new ItemGraphOptions { MaximumEdges = maximumEdges });
            ReadPages(pages, kept);
            Copy(kept, graph);
        }

        graph.EndRestore(TimeSpan.FromMilliseconds(halfLifeMs), originMs, latestMs, epoch);
    }

    private static void ReadPages(CheckpointPages pages, ItemGraph graph)
    {
        var index = pages.Index;
        var classes = index.Read<int>();
        if (classes != graph.Edges.Count) throw new CheckpointCorruptException($"its item graph has {classes} classes of blocks where {graph.Edges.Count} belong");
        var blocks = new int[classes];
        for (var kind = 0; kind < classes; kind++) blocks[kind] = CountOf(index);
        var nodes = CountOf(index);
        for (var chunks = CountOf(index); chunks > 0; chunks--)
        {
            var kind = index.Read<byte>();
            if (kind > classes) throw new CheckpointCorruptException($"its item graph has pages of kind {kind}, known are 0..{classes}");
            if (kind == GraphPagesWriter.NodesKind) AddChunk(pages, graph.Nodes, nodes);
            else AddChunk(pages, graph.Edges[kind - 1].Blocks, blocks[kind - 1]);
        }

        if (!IsWhole(graph.Nodes, nodes)) throw new CheckpointCorruptException($"its item graph has {nodes} nodes, which are not all there");
        for (var kind = 0; kind < classes; kind++)
        {
            if (!IsWhole(graph.Edges[kind].Blocks, blocks[kind])) throw new CheckpointCorruptException($"its item graph has {blocks[kind]} blocks of class {kind}, which are not all there");
        }

        graph.EndRestorePages(blocks);
    }

    private static void AddChunk<T>(CheckpointPages pages, BlockTable<T> table, int count)
        where T : unmanaged
    {
        var left = count - ((long)table.ChunkCount * table.ChunkBlocks);
        if (left <= 0) throw new CheckpointCorruptException($"its item graph has more pages than {count} of a kind need");
        pages.AddChunk(table, (int)Math.Min(left, table.ChunkBlocks));
    }

    private static bool IsWhole<T>(BlockTable<T> table, int count)
        where T : unmanaged => (long)table.ChunkCount * table.ChunkBlocks >= count;

    private static int CountOf(CheckpointInput index)
    {
        var count = index.Read<int>();
        return count >= 0 ? count : throw new CheckpointCorruptException($"its item graph has {count} of something");
    }

    private static void Copy(ItemGraph from, ItemGraph to)
    {
        var connections = new GraphConnections(from.MaximumEdges);
        for (var item = new ItemKey(0); item.Value < from.NodeCapacity; item = new ItemKey(item.Value + 1))
        {
            if (from.TryReadNode(item, connections, out var node)) to.Restore(item, node, connections.Items, connections.Weights);
        }
    }
}
