using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

public sealed class ItemGraphTests
{
    private const long Hour = 3_600_000;

    private static readonly ItemGraphOptions Options = new() { Window = 3, DistanceDecay = 0.5, BackwardWeight = 0.25, HalfLife = TimeSpan.FromHours(10) };

    [Fact]
    public void Apply_AnyInteractions_IsWhatTheNaiveGraphHolds() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 8], Gen.Int[0, 600]).Array[1, 150].Sample(
            sent =>
            {
                var graph = new ItemGraph(Options);
                var naive = new NaiveGraph(Options);
                var histories = Enumerable.Range(0, 5).Select(_ => new List<HistoryEvent>()).ToArray();
                for (var i = 0; i < sent.Length; i++)
                {
                    var (user, item, time) = sent[i];
                    var history = histories[user];
                    // Most of them late: in any order of time.
                    var interaction = View(item, time * Hour);
                    var place = history.FindLastIndex(happened => happened.EventTimeMs <= interaction.EventTimeMs) + 1;
                    var (before, after) = (history[..place], history[place..]);
                    history.Insert(place, interaction);
                    graph.Apply(interaction, before.ToArray(), after.ToArray(), history.Count, new LogOffset(i));
                    naive.Apply(interaction, before, after, history.Count);
                }

                AssertSame(naive, graph, items: 9);
            },
            iter: 200);

    [Fact]
    public void Apply_MoreConnectionsThanFit_KeepsTheHeavyOnesAndStaysInItsMemory()
    {
        var graph = new ItemGraph(Options with { MaximumEdges = 16 });
        var random = new Random(5);
        for (var i = 0; i < 100_000; i++)
        {
            // Two in three go on to one of eight, the others anywhere.
            var next = random.Next(3) > 0 ? 1 + random.Next(8) : 9 + random.Next(1000);
            graph.Apply(View(next, i), [View(0, i - 1)], [], 2, new LogOffset(i));
        }

        var connections = new GraphConnections(64);
        Assert.True(graph.TryRead(new ItemKey(0), connections));
        Assert.Equal(16, connections.Count);
        Assert.Equal(Enumerable.Range(1, 8), connections.Items[..8].ToArray().Order());
        // One chunk of nodes, and blocks of 4, 8 and 16 edges of 8 bytes in chunks of 128 KiB for a thousand items.
        Assert.InRange(graph.SizeBytes, 1009 * 32, (4096 * 32) + (4 * 128 * 1024));
    }

    [Fact]
    public void Apply_SameItemsAgainAndAgain_CountOnceInEachDirection()
    {
        var once = new ItemGraph(Options);
        var often = new ItemGraph(Options);
        Feed(once, "aba");
        Feed(often, "abababababababab");

        Assert.Equal(Weights(once, 0), Weights(often, 0));
    }

    [Fact]
    public void Apply_LongerHistory_CountsLess()
    {
        var graph = new ItemGraph(Options);
        graph.Apply(View(1, 0), [View(0, 0)], [], 4, new LogOffset(0));
        graph.Apply(View(2, 0), [View(0, 0)], [], 100, new LogOffset(1));

        Assert.Equal([(1, 0.25f), (2, 0.05f)], Weights(graph, 0));
    }

    [Theory]
    [InlineData(InteractionType.Impression, 1)]
    [InlineData(InteractionType.Dislike, 1)]
    [InlineData(InteractionType.View, 0)]
    public void Apply_WhatWasNotWanted_ConnectsNothingAndIsPassedOver(InteractionType type, float weight)
    {
        var graph = new ItemGraph(Options);
        var unwanted = new HistoryEvent(new ItemKey(1), type, 0, weight);
        graph.Apply(unwanted, [View(0, 0)], [], 2, new LogOffset(0));
        graph.Apply(View(2, 0), [View(0, 0), unwanted], [], 1, new LogOffset(1));

        Assert.Equal([(2, 0.5f)], Weights(graph, 0));
        Assert.Empty(Weights(graph, 1));
    }

    [Fact]
    public void Apply_InteractionThatARestoredNodeHas_ChangesOnlyTheOthers()
    {
        var graph = new ItemGraph(Options);
        graph.Restore(new ItemKey(0), new GraphNode { Version = 8, Out = 1 }, [5], [1f]);
        graph.EndRestore(Options.HalfLife, 0, 0, 0);
        graph.Apply(View(1, 0), [View(0, 0)], [], 1, new LogOffset(7));
        graph.Apply(View(2, 0), [View(0, 0)], [], 1, new LogOffset(8));

        Assert.Equal([(5, 1f), (2, 0.5f)], Weights(graph, 0));
        Assert.Equal([(0, 0.125f)], Weights(graph, 1));
        Assert.Equal(9, graph.Version);
    }

    [Fact]
    public void TryRead_AfterHundredsOfHalfLives_StillTellsNewFromOld()
    {
        var graph = new ItemGraph(Options);
        for (var day = 0; day < 500; day++) graph.Apply(View(1 + (day % 3), day * 24 * Hour), [View(0, 0)], [], 1, new LogOffset(day));

        var weights = Weights(graph, 0);
        Assert.Equal([2, 1, 3], weights.Select(w => w.Item));
        Assert.Equal(Math.Pow(2, -2.4), weights[1].Weight / weights[0].Weight, 1e-3);
    }

    [Fact]
    public async Task TryRead_WhileTheWriterWrites_SeesWholeLists()
    {
        var graph = new ItemGraph(Options with { MaximumEdges = 16 });
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var connections = new GraphConnections(16);
            var reads = 0L;
            while (!done.IsCancellationRequested || reads == 0)
            {
                if (!graph.TryRead(new ItemKey((int)(reads++ % 20)), connections)) continue;
                for (var i = 1; i < connections.Count; i++) Assert.True(connections.Weights[i - 1] >= connections.Weights[i]);
                Assert.Equal(connections.Count, connections.Items.ToArray().Distinct().Count());
            }
        })).ToArray();

        var random = new Random(3);
        for (var i = 0; i < 200_000; i++)
            graph.Apply(View(random.Next(20), i), [View(random.Next(40), i), View(random.Next(20), i)], [], 3, new LogOffset(i));
        await done.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200_000, graph.Version);
    }

    [Fact]
    public void TryRead_ItemOfNoConnection_IsNotThere()
    {
        var graph = new ItemGraph(Options);
        graph.Apply(View(1, 0), [View(0, 0)], [], 1, new LogOffset(0));

        Assert.False(graph.TryRead(new ItemKey(2), new GraphConnections(4)));
        Assert.False(graph.TryReadTotals(new ItemKey(1_000_000), out _, out _));
    }

    [Fact]
    public void Dispose_ConnectionsThatWereThere_AreGoneWithTheirMemory()
    {
        var graph = new ItemGraph(Options);
        graph.Apply(View(1, 2), [View(0, 1)], [], 2, new LogOffset(0));
        Assert.True(graph.TryRead(new ItemKey(0), new GraphConnections(8)) && graph.SizeBytes > 0);

        graph.Dispose();

        Assert.False(graph.TryRead(new ItemKey(0), new GraphConnections(8)));
        Assert.False(graph.TryReadTotals(new ItemKey(1), out _, out _));
        Assert.Equal((0, 0L), (graph.NodeCapacity, graph.SizeBytes));
    }

    private static HistoryEvent View(int item, long time) => new(new ItemKey(item), InteractionType.View, time, 1);

    private static void Feed(ItemGraph graph, string items)
    {
        var history = new List<HistoryEvent>();
        foreach (var item in items)
        {
            var interaction = View(item - 'a', history.Count);
            graph.Apply(interaction, history.ToArray(), [], 1, new LogOffset(history.Count));
            history.Add(interaction);
        }
    }

    private static (int Item, float Weight)[] Weights(ItemGraph graph, int item)
    {
        var connections = new GraphConnections(64);
        return graph.TryRead(new ItemKey(item), connections)
            ? [.. connections.Items.ToArray().Zip(connections.Weights.ToArray(), (key, weight) => (key, MathF.Round(weight, 6)))]
            : [];
    }

    // The graph's unit is its own: the naive weights are compared up to one factor.
    private static void AssertSame(NaiveGraph naive, ItemGraph graph, int items)
    {
        var connections = new GraphConnections(64);
        var unit = 0.0;
        for (var item = 0; item < items; item++)
        {
            var expected = naive.From(item);
            if (!graph.TryRead(new ItemKey(item), connections))
            {
                Assert.Empty(expected);
                continue;
            }

            if (unit == 0 && expected.Count > 0) unit = connections.Out / expected.Values.Sum();
            Assert.Equal(expected.Values.Sum() * unit, connections.Out, 1e-3 * connections.Out);
            Assert.Equal(naive.In(item) * unit, connections.In, 1e-3 * connections.In);
            foreach (var (to, weight) in expected.Where(pair => pair.Value * unit > 1e-3 * connections.Out))
            {
                var place = connections.Items.IndexOf(to);
                Assert.True(place >= 0, $"{item} to {to} is missing");
                Assert.Equal(weight * unit, connections.Weights[place], 1e-3 * weight * unit);
            }

            for (var i = 1; i < connections.Count; i++) Assert.True(connections.Weights[i - 1] >= connections.Weights[i]);
        }
    }
}
