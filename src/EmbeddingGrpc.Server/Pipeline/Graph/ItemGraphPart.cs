using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>
/// Keeps an item graph up to date with the log and in checkpoints. The applier's thread alone; <see cref="Write"/> beside it. Its section is what
/// <see cref="GraphPagesWriter"/> writes; before version 5 it was, node by node:
/// <code>
/// half-life in ms f64 · { item i32 (-1 ends them) · version i64 · out f32 · in f32 · epoch i32 · edges u16 · items i32 · weights f32 } ·
/// origin i64 · latest i64 · epoch i32
/// </code>
/// </summary>
internal sealed class ItemGraphPart(ItemGraph graph) : IAppliedPart
{
    // Nodes are asked for this many interactions ahead and their edges half as many: by then they are there, and not gone again.
    private const int Ahead = 8;
    private const int End = -1;

    /// <inheritdoc/>
    public string Name => "item graph";

    /// <inheritdoc/>
    public bool HasPages => true;

    /// <inheritdoc/>
    public int ContextLength => ItemGraph.ContextPerWindow * graph.Window;

    /// <inheritdoc/>
    public long SizeBytes => graph.SizeBytes;

    /// <inheritdoc/>
    public void Apply(AppliedBatch batch)
    {
        var interactions = batch.Interactions;
        for (var i = 0; i < Math.Min(Ahead, interactions.Length); i++) graph.WillTouchNodes(interactions[i].Event.Item, batch.Before(i));
        for (var i = 0; i < interactions.Length; i++)
        {
            if (i + Ahead < interactions.Length) graph.WillTouchNodes(interactions[i + Ahead].Event.Item, batch.Before(i + Ahead));
            if (i + (Ahead / 2) < interactions.Length) graph.WillTouchEdges(interactions[i + (Ahead / 2)].Event.Item, batch.Before(i + (Ahead / 2)));

            // What a history has already, its checkpoint's graph has too: it was written later.
            if (interactions[i].IsRepeated) continue;
            graph.Apply(interactions[i].Event, batch.Before(i), batch.After(i), batch.HistoryLength(i), interactions[i].Offset);
        }
    }

    /// <inheritdoc/>
    public void Apply(LogRecord record, LogOffset offset)
    {
        // A deleted item goes on pulling as context, and who answers leaves it out; an erased user is in no sum of many.
    }

    /// <inheritdoc/>
    public void Write(CheckpointOutput output, Action beforeEach) => new GraphPagesWriter(graph, output).Write(beforeEach);

    /// <inheritdoc/>
    public void Read(CheckpointInput input)
    {
        var halfLife = TimeSpan.FromMilliseconds(input.Read<double>());
        for (var item = input.Read<int>(); item != End; item = input.Read<int>())
        {
            var node = new GraphNode { Version = input.Read<long>(), Out = input.Read<float>(), In = input.Read<float>(), Epoch = input.Read<int>() };
            var count = input.Read<ushort>();
            var edges = input.Take(count * (sizeof(int) + sizeof(float)));
            graph.Restore(new ItemKey(item), node, MemoryMarshal.Cast<byte, int>(edges)[..count], MemoryMarshal.Cast<byte, float>(edges)[count..]);
        }

        graph.EndRestore(halfLife, originMs: input.Read<long>(), latestMs: input.Read<long>(), epoch: input.Read<int>());
    }

    /// <inheritdoc/>
    public void Read(CheckpointPages pages) => GraphPagesReader.Read(pages, graph);
}
