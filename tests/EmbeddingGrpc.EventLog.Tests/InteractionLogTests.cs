using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests;

public sealed class InteractionLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Append_ThenReopen_ReadsBackEveryFieldInOrder()
    {
        var expected = Enumerable.Range(0, 1000).Select(Sample).ToArray();
        await using (var log = OpenLog(_directory.Path))
        {
            for (var i = 0; i < 1000; i += 100)
            {
                var result = await log.AppendAsync(Batch(i, 100), Cancellation);
                Assert.Equal(new AppendResult(new LogOffset(i + 100), 0, 100, 0), result);
            }
            Assert.Equal(expected, ReadAll(log));
        }
        await using var reopened = OpenLog(_directory.Path);
        Assert.Equal(new LogOffset(1000), reopened.DurableOffset);
        Assert.Equal(expected, ReadAll(reopened));
    }

    [Fact]
    public async Task Append_PastTheSegmentSize_BeginsSegmentsThatScanJoins()
    {
        var options = new EventLogOptions { SegmentSizeBytes = 64 * 1024 };
        var expected = Enumerable.Range(0, 40_000).Select(Sample).ToArray();
        await using (var log = OpenLog(_directory.Path, options))
        {
            for (var i = 0; i < expected.Length; i += 1000) await log.AppendAsync(Batch(i, 1000), Cancellation);
            Assert.Equal(expected, ReadAll(log));
        }
        Assert.InRange(_directory.Segments.Length, 3, 100);
        await using var reopened = OpenLog(_directory.Path, options);
        Assert.Equal(expected, ReadAll(reopened));
    }

    [Fact]
    public async Task Scan_OfAnyRange_ReadsExactlyThatRange()
    {
        var options = new EventLogOptions { SegmentSizeBytes = 64 * 1024 };
        await using (var log = OpenLog(_directory.Path, options))
        {
            for (var i = 0; i < 20_000; i += 250) await log.AppendAsync(Batch(i, 250), Cancellation);
        }
        await using var reopened = OpenLog(_directory.Path, options);
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var from = random.Next(20_001);
            var to = random.Next(20_001);
            var expected = Enumerable.Range(from, Math.Max(0, to - from)).Select(n => new LogEntry(new LogOffset(n), Sample(n)));
            Assert.Equal(expected, reopened.Scan(new LogOffset(from), new LogOffset(to), Cancellation));
        }
    }

    [Fact]
    public async Task Append_FromManyCallers_KeepsEachCallersOrderAndLosesNothing()
    {
        const int callers = 8;
        const int each = 200;
        await using var log = OpenLog(_directory.Path);
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
        await using var log = OpenLog(_directory.Path);
        var waiting = log.WaitForDurableAsync(default, Cancellation).AsTask();
        Assert.False(waiting.IsCompleted);
        await log.AppendAsync(Batch(0, 10), Cancellation);
        Assert.Equal(new LogOffset(10), await waiting);
    }

    [Fact]
    public async Task WaitForDurable_WhenTheLogCloses_Throws()
    {
        var log = OpenLog(_directory.Path);
        var waiting = log.WaitForDurableAsync(default, Cancellation).AsTask();
        await log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    [Fact]
    public async Task Append_AfterDispose_Throws()
    {
        var log = OpenLog(_directory.Path);
        await log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.AppendAsync(Batch(0, 1), Cancellation));
    }

    [Fact]
    public async Task Open_WhileAnotherHasIt_IsRefusedWithTheDirectory()
    {
        await using var log = OpenLog(_directory.Path);
        var refusal = Assert.Throws<LogUnavailableException>(() => OpenLog(_directory.Path));
        Assert.Contains(_directory.Path, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WithBatchesQueued_CommitsThem()
    {
        var log = OpenLog(_directory.Path);
        var pending = new List<Task<AppendResult>>();
        for (var i = 0; i < 50; i++) pending.Add(await log.EnqueueAsync(Batch(i * 10, 10), Cancellation));
        await log.DisposeAsync();
        Assert.All(pending, task => Assert.True(task.IsCompletedSuccessfully));
        await using var reopened = OpenLog(_directory.Path);
        Assert.Equal(new LogOffset(500), reopened.DurableOffset);
    }
}
