using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

/// <summary>Writes the section of an item graph as checkpoints had it before version 5: node by node.</summary>
internal sealed class OlderGraphPart(ItemGraph graph) : IAppliedPart
{
    public string Name => "item graph";

    public int ContextLength => 0;

    public long SizeBytes => 0;

    public void Apply(AppliedBatch batch) => throw new NotSupportedException();

    public void Apply(LogRecord record, LogOffset offset) => throw new NotSupportedException();

    public void Write(CheckpointOutput output, Action beforeEach)
    {
        var connections = new GraphConnections(graph.MaximumEdges);
        output.Write(graph.Clock.HalfLife.TotalMilliseconds);
        for (var item = 0; item < graph.NodeCapacity; item++)
        {
            if (!graph.TryReadNode(new ItemKey(item), connections, out var node)) continue;
            output.Write(item);
            output.Write(node.Version);
            output.Write(node.Out);
            output.Write(node.In);
            output.Write(node.Epoch);
            output.Write((ushort)connections.Count);
            output.Write(MemoryMarshal.AsBytes(connections.Items));
            output.Write(MemoryMarshal.AsBytes(connections.Weights));
        }

        output.Write(-1);
        output.Write(graph.Clock.OriginMs);
        output.Write(graph.Clock.LatestMs);
        output.Write(graph.Clock.Epoch);
    }

    public void Read(CheckpointInput input) => throw new NotSupportedException();
}
