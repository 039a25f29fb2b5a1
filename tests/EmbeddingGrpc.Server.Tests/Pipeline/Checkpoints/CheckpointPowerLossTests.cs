using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

/// <summary>The power goes while checkpoints are written: what is restored is one of those that were finished, the last one or the one under way, and never an older one.</summary>
public sealed class CheckpointPowerLossTests
{
    private const string Directory = "/checkpoints";
    private const int Users = 40;

    [Fact]
    public void Write_PowerLostAtAnySyncOrChange_RestoresTheLastOneFinishedOrTheOneUnderWay()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var disk = new SimulatedDisk(seed);
            var store = Open(disk);
            var state = NewState();
            var (finished, applied) = (0L, 0L);
            disk.Faults.StopAfter(random.Next(1, 60));
            Assert.Throws<IOException>(WriteForever);
            disk.LosePower();
            var restored = Open(disk).Restore(NewState, new LogOffset(applied), out var start);
            Assert.True(start.Value >= finished, $"Seed {seed}: {finished} was finished, {start} came back.");
            for (var offset = start.Value; offset < applied; offset++) Apply(restored, offset);
            AssertSame(state, restored);

            void WriteForever()
            {
                while (true)
                {
                    for (var count = random.Next(1, 30); count > 0; count--, applied++) Apply(state, applied);
                    store.Write(state, () => new LogOffset(applied), CancellationToken.None);
                    finished = applied;
                }
            }
        }
    }

    private static CheckpointStore Open(SimulatedDisk disk) => new(Directory, new SimulatedProcess(disk), NullLogger.Instance);

    private static AppliedState NewState() => new(new ItemKeys(), new UserHistories(10, 1000), new ItemCounters(TimeSpan.FromDays(7)));

    private static void Apply(AppliedState state, long offset)
    {
        var item = state.Items.GetOrAdd($"item-{offset % 17}");
        var interaction = new HistoryEvent(item, InteractionType.Click, 1_700_000_000_000 + offset, 1);
        state.Histories.Apply($"user-{offset % Users}", interaction, new LogOffset(offset));
        state.Counters.Apply(interaction, new LogOffset(offset));
    }

    private static void AssertSame(AppliedState expected, AppliedState actual)
    {
        var (wanted, found) = (new HistoryEvent[10], new HistoryEvent[10]);
        Assert.Equal(expected.Items.Count, actual.Items.Count);
        for (var user = 0; user < Users; user++)
        {
            var known = expected.Histories.TryRead($"user-{user}", wanted, out var count, out var version);
            Assert.Equal(known, actual.Histories.TryRead($"user-{user}", found, out var foundCount, out var foundVersion));
            if (known) Assert.Equal((count, version), (foundCount, foundVersion));
            if (known) Assert.Equal(wanted[..count], found[..count]);
        }
    }
}
