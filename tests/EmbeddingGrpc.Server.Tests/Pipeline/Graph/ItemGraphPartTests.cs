using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

/// <summary>The graph as the applier keeps it: a real log, whose users' interactions come in the order of time.</summary>
public sealed class ItemGraphPartTests : IDisposable
{
    private const int Items = 29;
    private static readonly ItemGraphOptions Options = new() { Window = 3, MaximumEdges = 8 };

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Apply_TheLog_ConnectsWhatEachUserDidInItsOrder()
    {
        await using var log = new TemporaryLog();
        await log.AppendAsync(0, 2000);
        var state = NewState(Options with { MaximumEdges = 64 });
        await ApplyAsync(log, state, default);

        var expected = new ItemGraph(Options with { MaximumEdges = 64 });
        var histories = Enumerable.Range(0, 13).Select(_ => new List<HistoryEvent>()).ToArray();
        for (var i = 0; i < 2000; i++)
        {
            var sent = TemporaryLog.Interaction(i);
            Assert.True(state.Items.TryGet(sent.ItemId, out var key));
            var history = histories[i % 13];
            var interaction = new HistoryEvent(key, sent.Type, sent.EventTimeMs, sent.Weight);
            expected.Apply(interaction, history.TakeLast(6).ToArray(), [], Math.Min(50, history.Count + 1), new LogOffset(i));
            history.Add(interaction);
        }

        Assert.Equal(TextOf(expected), TextOf(state.Graph));
    }

    [Fact]
    public async Task Restore_CheckpointBesideARunningApplier_IsMadeWholeByReplay()
    {
        await using var log = new TemporaryLog();
        var store = NewStore();
        var state = NewState(Options);
        await using (var applier = Start(log, state, default))
        {
            for (var batch = 0; batch < 20; batch++)
            {
                await log.AppendAsync(batch * 1000, 1000);
                if (batch % 8 == 3) store.Write(state, () => applier.AppliedOffset, TestContext.Current.CancellationToken);
            }

            await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);
        }

        var restored = store.Restore(() => NewState(Options), log.Log.DurableOffset, out var start);
        Assert.True(start.Value > 0);
        await ApplyAsync(log, restored, start);
        Assert.Equal(TextOf(state.Graph), TextOf(restored.Graph));
        Assert.Equal(state.Graph.Version, restored.Graph.Version);
    }

    [Fact]
    public async Task Restore_OtherHalfLifeAndFewerEdges_KeepsTheHeaviestAndTheirRatios()
    {
        await using var log = new TemporaryLog();
        await log.AppendAsync(0, 500);
        var store = NewStore();
        var state = NewState(Options with { HalfLife = TimeSpan.FromHours(1) });
        await ApplyAsync(log, state, default);
        store.Write(state, () => new LogOffset(500), CancellationToken.None);

        var restored = store.Restore(() => NewState(Options with { HalfLife = TimeSpan.FromDays(30), MaximumEdges = 4 }), new LogOffset(500), out _);

        var (before, after) = (new GraphConnections(8), new GraphConnections(8));
        for (var item = 0; item < Items; item++)
        {
            Assert.True(state.Graph.TryRead(new ItemKey(item), before));
            Assert.True(restored.Graph.TryRead(new ItemKey(item), after));
            Assert.Equal(4, after.Count);
            Assert.Equal(before.Items[..4], after.Items);
            for (var i = 0; i < 4; i++) Assert.Equal(before.Weights[i] / before.Out, after.Weights[i] / after.Out, 1e-4f);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static AppliedState NewState(ItemGraphOptions options)
    {
        var graph = new ItemGraph(options);
        return new AppliedState(new ItemKeys(), new UserHistories(), new ItemCounters(TimeSpan.FromDays(7))) { Graph = graph, Parts = [new ItemGraphPart(graph)] };
    }

    private static EventApplier Start(TemporaryLog log, AppliedState state, LogOffset from) => new(log.Log, state, from, NullLogger<EventApplier>.Instance);

    private static async Task ApplyAsync(TemporaryLog log, AppliedState state, LogOffset from)
    {
        await using var applier = Start(log, state, from);
        await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);
    }

    private static string TextOf(ItemGraph graph)
    {
        var connections = new GraphConnections(graph.MaximumEdges);
        return string.Join('\n', Enumerable.Range(0, Items).Select(item => graph.TryRead(new ItemKey(item), connections)
            ? $"{item}: {connections.Out} {connections.In} {string.Join(' ', connections.Items.ToArray())} {string.Join(' ', connections.Weights.ToArray())}"
            : $"{item}: none"));
    }

    private CheckpointStore NewStore() => new(_folder.FullPath, DiskFileSystem.Instance, NullLogger.Instance);
}
