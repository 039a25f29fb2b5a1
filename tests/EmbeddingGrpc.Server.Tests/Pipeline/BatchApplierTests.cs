using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class BatchApplierTests
{
    private const int Length = 6;
    private const int MaximumUsers = 40;
    private const int Context = 4;

    private static readonly Gen<Interaction> AnyInteraction = Gen.Select(
        Gen.Int[0, 60], Gen.Int[0, 50], Gen.Int[1, 7], Gen.Int[0, 1000],
        (user, item, type, time) => new Interaction(UserId(user), $"item-{item}", (InteractionType)type, 1_700_000_000_000 + time));

    [Fact]
    public async Task Apply_AnyBatches_LeavesWhatOneAfterTheOtherWould()
    {
        await Gen.Select(AnyInteraction.Array[0, 700].Array[1, 4], Gen.Int[0, 2]).SampleAsync(
            async (batches, records) =>
            {
                await using var log = new TemporaryLog();
                var sent = 0;
                foreach (var drawn in batches)
                {
                    // Told apart by their weights.
                    var batch = drawn.Select(interaction => interaction with { Weight = ++sent }).ToArray();
                    await log.Log.AppendAsync(new AppendBatch(batch), TestContext.Current.CancellationToken);
                    await log.Log.AppendAsync(
                        new AppendBatch([]) { Records = [.. Enumerable.Range(0, records).Select(n => new ItemDeleted($"item-{n}"))] }, TestContext.Current.CancellationToken);
                }

                var part = new RecordedPart("part", Context);
                var (state, expected) = (NewState(part), NewState());
                var advanced = new List<long>();
                var applier = new BatchApplier(state, onRecord: null, offset => advanced.Add(offset.Value));
                foreach (var batch in log.Log.ScanBatches(new EntryBatch(), default, log.Log.DurableOffset, TestContext.Current.CancellationToken)) applier.Apply(batch);

                ApplySingly(log.Log, expected);
                AssertSame(expected, state);
                AssertTold(log.Log, part);
                Assert.Equal(advanced.Order(), advanced);
                if (log.Log.DurableOffset.Value > 0) Assert.Equal(log.Log.DurableOffset.Value, advanced[^1]);
            },
            iter: 40);
    }

    [Fact]
    public async Task Apply_InteractionsThatAreThereAlready_SaysThatTheyAreRepeatedAndChangesNothing()
    {
        await using var log = new TemporaryLog();
        await log.AppendAsync(0, 500);
        var part = new RecordedPart("part", Context);
        var state = NewState(part);
        for (var round = 0; round < 2; round++)
        {
            var applier = new BatchApplier(state, onRecord: null, _ => { });
            foreach (var batch in log.Log.ScanBatches(new EntryBatch(), default, log.Log.DurableOffset, TestContext.Current.CancellationToken)) applier.Apply(batch);
        }

        var expected = NewState();
        ApplySingly(log.Log, expected);
        AssertSame(expected, state);
        Assert.Equal(1000, part.Interactions.Count);
        Assert.All(part.Interactions.Take(500), told => Assert.False(told.Interaction.IsRepeated));
        Assert.All(part.Interactions.Skip(500), told => Assert.True(told.Interaction.IsRepeated && told.Before.Length == 0));
    }

    [Fact]
    public async Task Applier_LogThatRunsAhead_HoldsItBackUntilItHasCaughtUp()
    {
        await using var log = new TemporaryLog();
        using var gate = new SemaphoreSlim(0);
        await using var applier = new EventApplier(
            log.Log, NewState(), default, NullLogger<EventApplier>.Instance, onRecord: (_, _) => gate.Wait(TestContext.Current.CancellationToken), lag: TimeSpan.FromMilliseconds(1));
        await log.AppendAsync(0, 1000);
        await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);

        // From here on the applier stands still; more than two of the largest requests never get ahead of it.
        await log.Log.AppendAsync(new AppendBatch([]) { Records = [new ItemDeleted("x")] }, TestContext.Current.CancellationToken);
        var admitted = 0;
        Task<Task<AppendResult>> waiting;
        while ((waiting = log.Log.EnqueueAsync(Ten(), TestContext.Current.CancellationToken).AsTask()).IsCompleted)
        {
            await await waiting;
            Assert.True(++admitted <= 2 * IngestOptions.MaximumRequestInteractions / 10, "The log ran ahead.");
        }

        gate.Release();
        await (await waiting).WaitAsync(TestContext.Current.CancellationToken);
        await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Applier_ThatFails_LetsTheLogGoOn()
    {
        await using var log = new TemporaryLog();
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var applier = new EventApplier(
            log.Log, NewState(), default, NullLogger<EventApplier>.Instance, _ => failed.SetResult(),
            onRecord: (_, _) => throw new InvalidOperationException("by a test"), lag: TimeSpan.FromMilliseconds(1));
        await log.AppendAsync(0, 10);
        await log.Log.AppendAsync(new AppendBatch([]) { Records = [new ItemDeleted("x")] }, TestContext.Current.CancellationToken);
        await failed.Task.WaitAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++) await log.AppendAsync(0, 10_000);
        Assert.Equal(50_011, log.Log.DurableOffset.Value);
    }

    private static AppendBatch Ten() => new([.. Enumerable.Range(0, 10).Select(TemporaryLog.Interaction)]);

    // Some ids are too long to lie in the record.
    private static string UserId(int user) => user % 5 == 0 ? $"user-{user}-with-an-id-that-is-longer-than-most" : $"user-{user}";

    private static AppliedState NewState(params IAppliedPart[] parts) =>
        new(new ItemKeys(), new UserHistories(Length, MaximumUsers), new ItemCounters(TimeSpan.FromDays(7))) { Parts = parts };

    private static void ApplySingly(InteractionLog log, AppliedState state)
    {
        foreach (var entry in log.Scan(default, log.DurableOffset))
        {
            var interaction = entry.Interaction;
            var applied = new HistoryEvent(state.Items.GetOrAdd(interaction.ItemId), interaction.Type, interaction.EventTimeMs, interaction.Weight);
            state.Histories.Apply(interaction.UserId, applied, entry.Offset);
            state.Counters.Apply(applied, entry.Offset);
        }
    }

    private static void AssertSame(AppliedState expected, AppliedState actual)
    {
        Assert.Equal(expected.Items.Count, actual.Items.Count);
        for (var key = 0; key < expected.Items.Count; key++)
        {
            Assert.Equal(expected.Items.IdOf(new ItemKey(key)), actual.Items.IdOf(new ItemKey(key)));
            for (var type = InteractionType.Impression; type <= InteractionType.Dislike; type++)
                Assert.Equal(expected.Counters.WeightOf(new ItemKey(key), type), actual.Counters.WeightOf(new ItemKey(key), type));
        }

        Assert.Equal(expected.Histories.UserCount, actual.Histories.UserCount);
        var (ours, theirs) = (new HistoryEvent[Length], new HistoryEvent[Length]);
        for (var user = 0; user <= 60; user++)
        {
            var found = expected.Histories.TryRead(UserId(user), ours, out var count, out var version);
            Assert.Equal(found, actual.Histories.TryRead(UserId(user), theirs, out var otherCount, out var otherVersion));
            Assert.Equal((count, version), (otherCount, otherVersion));
            Assert.Equal(ours.Take(count), theirs.Take(count));
        }
    }

    private static void AssertTold(InteractionLog log, RecordedPart part)
    {
        var all = log.ScanAll(default, log.DurableOffset).ToArray();
        Assert.Equal(all.Where(entry => entry.IsInteraction).Select(entry => entry.Offset), part.Interactions.Select(told => told.Interaction.Offset));
        Assert.Equal(
            all.Where(entry => !entry.IsInteraction).Select(entry => (entry.Record!, entry.Offset, all.Count(other => other.IsInteraction && other.Offset < entry.Offset))),
            part.Records);

        var naive = new NaiveHistories(Length, MaximumUsers);
        foreach (var (entry, told) in all.Where(entry => entry.IsInteraction).Zip(part.Interactions))
        {
            naive.Apply(entry.Interaction.UserId, told.Interaction.Event, entry.Offset.Value);
            Assert.True(naive.TryRead(entry.Interaction.UserId, out var history, out _));
            var place = history.IndexOf(told.Interaction.Event);
            Assert.Equal(history.Count, told.HistoryLength);
            if (place < 0)
            {
                Assert.Empty(told.Before);
                Assert.Empty(told.After);
                continue;
            }

            Assert.Equal(history[Math.Max(0, place - Context)..place], told.Before);
            Assert.Equal(history[(place + 1)..Math.Min(history.Count, place + 1 + Context)], told.After);
        }
    }
}
