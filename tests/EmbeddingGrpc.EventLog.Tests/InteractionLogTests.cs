using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests;

public sealed class InteractionLogTests
{
    private readonly SimulatedDisk _disk = new(seed: 1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Append_ThenReopen_ReadsBackEveryFieldInOrder()
    {
        var expected = Samples(0, 1000).ToArray();
        await using (var log = OpenLog(_disk))
        {
            for (var i = 0; i < 1000; i += 100)
            {
                var result = await log.AppendAsync(Batch(i, 100), Cancellation);
                Assert.Equal(new AppendResult(new LogOffset(i + 100), 0, 100, 0), result);
            }
            AssertSame(expected, ReadAll(log));
        }
        await using var reopened = OpenLog(_disk);
        Assert.Equal(new LogOffset(1000), reopened.DurableOffset);
        AssertSame(expected, ReadAll(reopened));
    }

    [Fact]
    public async Task Append_PastTheSegmentSize_BeginsSegmentsThatScanJoins()
    {
        var expected = Samples(0, 40_000).ToArray();
        await using (var log = OpenLog(_disk))
        {
            await AppendSamplesAsync(log, 0, expected.Length, batch: 1000);
            AssertSame(expected, ReadAll(log));
        }
        Assert.InRange(_disk.ListFiles(LogDirectory).Count, 3, 100);
        await using var reopened = OpenLog(_disk);
        AssertSame(expected, ReadAll(reopened));
    }

    [Fact]
    public async Task Scan_OfAnyRange_ReadsExactlyThatRange()
    {
        await using (var log = OpenLog(_disk))
        {
            await AppendSamplesAsync(log, 0, 20_000, batch: 250);
        }
        await using var reopened = OpenLog(_disk);
        var random = new Random(7);
        for (var i = 0; i < 60; i++)
        {
            var from = random.Next(20_001);
            var to = random.Next(20_001);
            var expected = Enumerable.Range(from, Math.Max(0, to - from)).Select(n => new LogEntry(new LogOffset(n), Sample(n)));
            AssertSame(expected, reopened.Scan(new LogOffset(from), new LogOffset(to), Cancellation));
        }
    }

    [Fact]
    public async Task ScanBatches_OfAnyRange_ReadsExactlyThatRangeAndEachIdOnce()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 20_000, batch: 250);
        var random = new Random(7);
        var batch = new EntryBatch();
        for (var i = 0; i < 60; i++)
        {
            var from = random.Next(20_001);
            var to = random.Next(20_001);
            var expected = Enumerable.Range(from, Math.Max(0, to - from)).Select(n => new LogEntry(new LogOffset(n), Sample(n) with { RecallId = null }));
            var actual = new List<LogEntry>();
            foreach (var read in log.ScanBatches(batch, new LogOffset(from), new LogOffset(to), Cancellation))
            {
                Assert.Same(batch, read);
                actual.AddRange(EntriesOf(read));
                Assert.Equal(actual[^1].Offset.Value + 1, read.EndOffset.Value);
                var users = Enumerable.Range(0, read.UserCount).Select(user => Convert.ToHexString(read.UserId(user))).ToArray();
                Assert.Equal(users.Distinct(), users);
            }
            AssertSame(expected, actual);
        }
    }

    [Fact]
    public async Task AdmitBefore_AnOffsetThatTheLogHasReached_HoldsAppendsBackUntilItMoves()
    {
        await using var log = OpenLog(_disk);
        log.AdmitBefore(new LogOffset(10));
        await log.AppendAsync(Batch(0, 10), Cancellation);
        var held = log.AppendAsync(Batch(10, 10), Cancellation).AsTask();
        Assert.Equal(new LogOffset(10), log.DurableOffset);
        Assert.False(held.IsCompleted);
        log.AdmitBefore(null);
        Assert.Equal(20, (await held).DurableOffset.Value);
    }

    [Fact]
    public async Task Append_FromManyCallers_KeepsEachCallersOrderAndLosesNothing()
    {
        const int callers = 8;
        const int each = 200;
        await using var log = OpenLog(_disk);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var pending = new List<Task<AppendResult>>();
            for (var i = 0; i < each; i++)
            {
                var interaction = new Interaction($"caller-{caller}", $"item-{i}", InteractionType.Click, i);
                pending.Add(await log.EnqueueAsync(new AppendBatch([interaction]), Cancellation));
            }
            await Task.WhenAll(pending);
        })));
        var byCaller = ReadAll(log).GroupBy(interaction => interaction.UserId).ToDictionary(group => group.Key, group => group.Select(i => i.EventTimeMs).ToArray());
        Assert.Equal(callers, byCaller.Count);
        Assert.All(byCaller.Values, times => Assert.Equal(Enumerable.Range(0, each).Select(i => (long)i), times));
    }

    [Fact]
    public async Task WaitForDurable_BeforeAnAppend_CompletesWithIt()
    {
        await using var log = OpenLog(_disk);
        var waiting = log.WaitForDurableAsync(default, Cancellation).AsTask();
        Assert.False(waiting.IsCompleted);
        await log.AppendAsync(Batch(0, 10), Cancellation);
        Assert.Equal(new LogOffset(10), await waiting);
    }

    [Fact]
    public async Task WaitForDurable_WhenTheLogCloses_Throws()
    {
        var log = OpenLog(_disk);
        var waiting = log.WaitForDurableAsync(default, Cancellation).AsTask();
        await log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    [Fact]
    public async Task Append_AfterDispose_Throws()
    {
        var log = OpenLog(_disk);
        await log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.AppendAsync(Batch(0, 1), Cancellation));
    }

    [Fact]
    public async Task Open_WhileAnotherHasIt_IsRefusedWithTheDirectory()
    {
        await using var log = OpenLog(_disk);
        var refusal = Assert.Throws<LogUnavailableException>(() => OpenLog(_disk));
        Assert.Contains(LogDirectory, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WithBatchesQueued_CommitsThem()
    {
        var log = OpenLog(_disk);
        var pending = new List<Task<AppendResult>>();
        for (var i = 0; i < 50; i++) pending.Add(await log.EnqueueAsync(Batch(i * 10, 10), Cancellation));
        await log.DisposeAsync();
        Assert.All(pending, task => Assert.True(task.IsCompletedSuccessfully));
        await using var reopened = OpenLog(_disk);
        Assert.Equal(new LogOffset(500), reopened.DurableOffset);
    }
}
