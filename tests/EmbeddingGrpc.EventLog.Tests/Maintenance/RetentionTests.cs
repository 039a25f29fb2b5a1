using EmbeddingGrpc.EventLog.Tests.Simulation;
using Microsoft.Extensions.Time.Testing;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Maintenance;

public sealed class RetentionTests
{
    private readonly SimulatedDisk _disk = new(seed: 4);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TruncateBefore_RemovesWholeSegmentsAndNeverWhatIsNeeded()
    {
        var safe = new LogOffset(12_345);
        LogOffset first;
        await using (var log = OpenLog(_disk))
        {
            await AppendSamplesAsync(log, 0, 30_000, batch: 500);
            var before = _disk.ListFiles(LogDirectory).Count;
            var result = await log.TruncateBeforeAsync(safe, Cancellation);
            first = log.FirstOffset;
            Assert.Equal(first, result.FirstOffset);
            Assert.True(result.SegmentsRemoved > 0);
            Assert.Equal(before - result.SegmentsRemoved, _disk.ListFiles(LogDirectory).Count);
            Assert.True(first > default(LogOffset) && first <= safe);
            AssertSame(Samples((int)first.Value, 30_000 - (int)first.Value), ReadAll(log));
        }
        await using var reopened = OpenLog(_disk);
        Assert.Equal(first, reopened.FirstOffset);
        AssertSame(Samples((int)first.Value, 30_000 - (int)first.Value), ReadAll(reopened));
    }

    [Fact]
    public async Task TruncateBefore_TheWholeLog_KeepsTheSegmentThatIsWritten()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 30_000, batch: 500);
        await log.TruncateBeforeAsync(log.DurableOffset, Cancellation);
        Assert.True(log.FirstOffset < log.DurableOffset);
        Assert.Equal(new LogOffset(30_001), (await log.AppendAsync(Batch(30_000, 1), Cancellation)).DurableOffset);
    }

    [Fact]
    public async Task TruncateBefore_KeepsTheNumbersOfProducersWhoseEntriesAreGone()
    {
        await using (var log = OpenLog(_disk))
        {
            await log.AppendAsync(Numbered(Producer, 1, 100), Cancellation);
            await AppendSamplesAsync(log, 100, 30_000, batch: 500);
            await log.TruncateBeforeAsync(new LogOffset(20_000), Cancellation);
        }
        await using var reopened = OpenLog(_disk);
        Assert.Equal(100UL, reopened.DurableSequenceOf(Producer));
        Assert.Equal(100, (await reopened.AppendAsync(Numbered(Producer, 1, 100), Cancellation)).Duplicates);
    }

    [Fact]
    public async Task ApplyRetention_BySize_RemovesDownToTheSizeAndNoFurther()
    {
        var options = SmallSegments with { RetentionBytes = 200 * 1024 };
        await using var log = OpenLog(_disk, options);
        await AppendSamplesAsync(log, 0, 60_000, batch: 500);
        await log.ApplyRetentionAsync(log.DurableOffset, Cancellation);
        var bytes = _disk.ListFiles(LogDirectory).Sum(path => (long)_disk.Content(path).Length);
        Assert.InRange(bytes, 120 * 1024, 200 * 1024);
        Assert.Equal(0, (await log.ApplyRetentionAsync(log.DurableOffset, Cancellation)).SegmentsRemoved);
    }

    [Fact]
    public async Task ApplyRetention_ByAge_RemovesWhatIsOlder()
    {
        var options = SmallSegments with { RetentionAge = TimeSpan.FromDays(30), SegmentAge = TimeSpan.FromDays(1) };
        await using var log = OpenLog(_disk, options, _time);
        for (var day = 0; day < 40; day++)
        {
            await log.AppendAsync(Batch(day, 1), Cancellation);
            _time.Advance(TimeSpan.FromDays(1));
        }
        await log.ApplyRetentionAsync(log.DurableOffset, Cancellation);
        Assert.Equal(new LogOffset(10), log.FirstOffset);
        AssertSame(Samples(10, 30), ReadAll(log));
    }

    [Fact]
    public async Task ApplyRetention_WithoutAPolicy_RemovesNothing()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 30_000, batch: 500);
        Assert.Equal(default, await log.ApplyRetentionAsync(log.DurableOffset, Cancellation));
    }

    [Fact]
    public async Task TruncateBefore_WhileAScanReads_LetsItFinishItsSegment()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 30_000, batch: 500);
        using var scan = log.Scan(default, log.DurableOffset, Cancellation).GetEnumerator();
        Assert.True(scan.MoveNext());
        await log.TruncateBeforeAsync(new LogOffset(20_000), Cancellation);
        var seen = 1;
        while (scan.MoveNext() && scan.Current.Offset.Value == seen) seen++;
        Assert.InRange(seen, 501, 10_000);
        // Then it goes on with what is kept.
        Assert.Equal(log.FirstOffset, scan.Current.Offset);
    }

    [Fact]
    public async Task TruncateBefore_AtEveryMomentOfPowerLoss_LeavesALogThatOpens()
    {
        for (var stop = 0; stop < 12; stop++)
        {
            var disk = new SimulatedDisk(stop);
            await using (var log = OpenLog(disk))
            {
                await AppendSamplesAsync(log, 0, 20_000, batch: 1000);
                disk.Faults.StopAfter(stop);
                try
                {
                    await log.TruncateBeforeAsync(log.DurableOffset, Cancellation);
                }
                catch (LogUnavailableException)
                {
                    // The moment has come.
                }
                disk.LosePower();
            }
            await using var reopened = OpenLog(disk);
            var first = (int)reopened.FirstOffset.Value;
            AssertSame(Samples(first, 20_000 - first), ReadAll(reopened));
        }
    }

    [Fact]
    public async Task Producers_IdleForLongerThanTheirExpiry_AreForgottenWithTheNextSegment()
    {
        await using (var log = OpenLog(_disk, SmallSegments with { ProducerIdleExpiry = TimeSpan.FromDays(7), SegmentAge = TimeSpan.FromDays(30) }, _time))
        {
            await log.AppendAsync(Numbered(Producer, 1, 10), Cancellation);
            _time.Advance(TimeSpan.FromDays(8));
            await log.AppendAsync(Numbered(new ProducerId("busy", 1), 1, 10), Cancellation);
            Assert.Equal(10UL, log.DurableSequenceOf(Producer));
            await AppendSamplesAsync(log, 0, 10_000, batch: 1000);
            Assert.Equal(0UL, log.DurableSequenceOf(Producer));
        }
        await using var reopened = OpenLog(_disk, SmallSegments, _time);
        Assert.Equal(0UL, reopened.DurableSequenceOf(Producer));
        Assert.Equal(10UL, reopened.DurableSequenceOf(new ProducerId("busy", 1)));
        // An older epoch than the forgotten one is welcome too.
        Assert.Equal(1, (await reopened.AppendAsync(Numbered(Producer with { Epoch = 1 }, 900, 1), Cancellation)).Appended);
    }
}
