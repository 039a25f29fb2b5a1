using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class EventApplierTests
{
    [Fact]
    public async Task Applier_EntriesBeforeAndAfterItsStart_AreAppliedInOrder()
    {
        await using var log = new TemporaryLog();
        await log.AppendAsync(0, 5000);
        var state = NewState(20);
        var (items, histories) = (state.Items, state.Histories);
        await using var applier = Start(log.Log, state);
        await log.AppendAsync(5000, 5000);
        await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);

        Assert.Equal(10_000, applier.AppliedOffset.Value);
        Assert.Equal((29, 13), (items.Count, histories.UserCount));
        var events = new HistoryEvent[20];
        for (var user = 0; user < 13; user++)
        {
            Assert.True(histories.TryRead($"user-{user}", events, out var count, out var version));
            var expected = Enumerable.Range(0, 10_000).Where(n => n % 13 == user).TakeLast(20).ToArray();
            Assert.Equal(expected.Select(n => $"item-{n % 29}"), events.Take(count).Select(e => items.IdOf(e.Item)));
            Assert.Equal(expected[^1] + 1, version);
        }
    }

    [Fact]
    public async Task Applier_RestartedLog_GivesTheSameKeysAndVersions()
    {
        await using var log = new TemporaryLog();
        await log.AppendAsync(0, 1000);
        var before = await ReadAllAsync(log.Log);
        await log.ReopenAsync();
        Assert.Equal(before, await ReadAllAsync(log.Log));
    }

    [Fact]
    public async Task Applier_RecordsAmongInteractions_AreHandedOverInTheirPlaceBeforeTheWatermarkPasses()
    {
        await using var log = new TemporaryLog();
        var state = NewState(50);
        var seen = new List<(LogOffset Offset, LogRecord Record, int UsersThen)>();
        await using var applier = new EventApplier(
            log.Log, state, default, NullLogger<EventApplier>.Instance, onRecord: (record, offset) => seen.Add((offset, record, state.Histories.UserCount)));
        await log.AppendAsync(0, 2);
        await log.Log.AppendAsync(new AppendBatch([]) { Records = [new ItemDeleted("item-1"), new ItemUpserted("item-2", new byte[] { 1 })] }, TestContext.Current.CancellationToken);
        await log.AppendAsync(2, 2);
        await applier.WaitForAppliedAsync(new LogOffset(4), TestContext.Current.CancellationToken);
        var before = seen.ToArray();
        await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);

        Assert.Equal([(new LogOffset(2), new ItemDeleted("item-1"), 2), (new LogOffset(3), new ItemUpserted("item-2", new byte[] { 1 }), 2)], before);
        Assert.Equal(before, seen);
        Assert.Equal(4, state.Histories.UserCount);
    }

    [Fact]
    public async Task WaitForApplied_ClosedModel_IsToldSo()
    {
        await using var log = new TemporaryLog();
        var applier = Start(log.Log, NewState(50));
        var wait = applier.WaitForAppliedAsync(new LogOffset(1), TestContext.Current.CancellationToken).AsTask();
        await applier.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
        Assert.Null(applier.Failure);
    }

    [Fact]
    public async Task Applier_LogThatCannotBeRead_FailsAloudAndFailsItsWaiters()
    {
        await using var log = new TemporaryLog();
        await log.AppendAsync(0, 1000);
        await using (var file = new FileStream(log.Segment(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            // The middle of what is durable.
            file.Position = file.Length / 2;
            file.Write(new byte[64]);
        }

        var told = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var applier = new EventApplier(
            log.Log, NewState(50), default, NullLogger<EventApplier>.Instance, failure => told.SetResult(failure));

        var failure = await told.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.IsType<ApplierFailedException>(failure);
        Assert.IsType<LogCorruptException>(failure.InnerException);
        Assert.Same(failure, applier.Failure);
        await Assert.ThrowsAsync<ApplierFailedException>(
            () => applier.WaitForAppliedAsync(new LogOffset(1000), TestContext.Current.CancellationToken).AsTask());
    }

    private static AppliedState NewState(int historyLength) => new(new ItemKeys(), new UserHistories(historyLength), new ItemCounters(TimeSpan.FromDays(7)));

    private static EventApplier Start(InteractionLog log, AppliedState state) => new(log, state, default, NullLogger<EventApplier>.Instance);

    private static async Task<string> ReadAllAsync(InteractionLog log)
    {
        var state = NewState(10);
        await using var applier = Start(log, state);
        await applier.WaitForAppliedAsync(log.DurableOffset, TestContext.Current.CancellationToken);
        var events = new HistoryEvent[10];
        return string.Join('\n', Enumerable.Range(0, 13).Select(user =>
        {
            state.Histories.TryRead($"user-{user}", events, out var count, out var version);
            return $"{version}: {string.Join(' ', events.Take(count))}";
        }));
    }
}
