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
        var reader = new ChunkReader(pages, "its item graph");
        var blocks = reader.ReadCounts(graph.Edges.Count, "classes of blocks");
        reader.Expect(graph.Nodes, reader.ReadCount());
        for (var kind = 0; kind < blocks.Length; kind++) reader.Expect(graph.Edges[kind].Blocks, blocks[kind]);
        reader.ReadChunks();
        graph.EndRestorePages(blocks);
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
