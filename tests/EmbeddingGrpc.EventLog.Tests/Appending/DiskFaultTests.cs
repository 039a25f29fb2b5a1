using EmbeddingGrpc.EventLog.Tests.Simulation;
using Microsoft.Extensions.Time.Testing;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Appending;

public sealed class DiskFaultTests
{
    private readonly SimulatedDisk _disk = new(seed: 11);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Append_OnAFullDisk_FailsRetryablyAndGoesOnWhenSpaceReturns()
    {
        await using var log = OpenLog(_disk);
        await log.AppendAsync(Numbered(Producer, 1, 10), Cancellation);
        _disk.Faults.FreeBytes = 100;

        var refusal = await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Numbered(Producer, 11, 500), Cancellation));
        Assert.True(refusal.RetryMayHelp);
        Assert.Equal(new LogOffset(10), log.DurableOffset);
        Assert.Equal(10UL, log.DurableSequenceOf(Producer));
        Assert.Null(log.Failure);

        _disk.Faults.FreeBytes = null;
        Assert.Equal(new AppendResult(new LogOffset(510), 510, 500, 0), await log.AppendAsync(Numbered(Producer, 11, 500), Cancellation));
        AssertSame(Samples(1, 510), ReadAll(log));
    }

    [Fact]
    public async Task Append_BehindARefusedBatchThatItFollows_IsRefusedTooAndNothingIsLost()
    {
        await using var log = OpenLog(_disk);
        await log.AppendAsync(Numbered(Producer, 1, 10), Cancellation);
        _disk.Faults.FreeBytes = 400;

        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Numbered(Producer, 11, 500) with { Follows = 10 }, Cancellation));
        // There is room again, but accepting the next one would make 11..510 look done.
        _disk.Faults.FreeBytes = null;
        var small = Numbered(Producer, 511, 1) with { Follows = 510 };
        var refusal = await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(small, Cancellation));
        Assert.True(refusal.RetryMayHelp);
        Assert.Equal(10UL, log.DurableSequenceOf(Producer));

        await log.AppendAsync(Numbered(Producer, 11, 500) with { Follows = 10 }, Cancellation);
        await log.AppendAsync(small, Cancellation);
        AssertSame(Samples(1, 511), ReadAll(log));
    }

    [Fact]
    public async Task Append_WhereThePartOfAFailedGroupCannotBeCutOff_IsStillRecoveredAfterACrash()
    {
        await using (var log = OpenLog(_disk))
        {
            await LeaveRemnantAsync(log);
            await log.AppendAsync(Batch(0, 10), Cancellation);
            _disk.LosePower();
        }
        await using var reopened = OpenLog(_disk);
        AssertSame(Samples(0, 10), ReadAll(reopened));
    }

    [Fact]
    public async Task Append_WhenFsyncFails_RefusesWritesUntilReopenedButStillReads()
    {
        await using (var log = OpenLog(_disk))
        {
            await log.AppendAsync(Batch(0, 10), Cancellation);
            _disk.Faults.FailNextSync = true;
            var refusal = await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Batch(10, 10), Cancellation));
            Assert.False(refusal.RetryMayHelp);
            Assert.False((await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Batch(10, 10), Cancellation))).RetryMayHelp);
            Assert.NotNull(log.Failure);
            AssertSame(Samples(0, 10), ReadAll(log));
        }
        await using var reopened = OpenLog(_disk);
        Assert.Equal(new LogOffset(20), (await reopened.AppendAsync(Batch(10, 20 - (int)reopened.DurableOffset.Value), Cancellation)).DurableOffset);
    }

    [Fact]
    public async Task Open_AfterAFailedFsync_WritesTheDoubtfulGroupAgainSoThatItSurvivesPowerLoss()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed);
            await using (var log = OpenLog(disk))
            {
                await log.AppendAsync(Batch(0, 10), Cancellation);
                disk.Faults.FailNextSync = true;
                await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Batch(10, 200), Cancellation));
            }
            // The page cache still has the group, the platter has holes in it; what a reader may see now must stay.
            LogOffset seen;
            await using (var log = OpenLog(disk))
            {
                seen = log.DurableOffset;
                disk.LosePower();
            }
            await using var reopened = OpenLog(disk);
            Assert.Equal(seen, reopened.DurableOffset);
            AssertSame(Samples(0, (int)seen.Value), ReadAll(reopened));
        }
    }

    [Fact]
    public async Task Append_WhenAWriteFails_RefusesWritesUntilReopened()
    {
        await using (var log = OpenLog(_disk))
        {
            await log.AppendAsync(Batch(0, 10), Cancellation);
            _disk.Faults.FailNextWrite = true;
            Assert.False((await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Batch(10, 10), Cancellation))).RetryMayHelp);
        }
        await using var reopened = OpenLog(_disk);
        AssertSame(Samples(0, 10), ReadAll(reopened));
    }

    [Fact]
    public async Task Append_WhenANewSegmentFindsNoSpace_FailsRetryablyAndThenGoesOn()
    {
        await using var log = OpenLog(_disk);
        var appended = 0;
        _disk.Faults.FreeBytes = 70_000;
        LogUnavailableException? refusal = null;
        while (refusal is null)
        {
            try
            {
                await log.AppendAsync(Batch(appended, 100), Cancellation);
                appended += 100;
            }
            catch (LogUnavailableException e)
            {
                refusal = e;
            }
        }
        Assert.True(refusal.RetryMayHelp);
        _disk.Faults.FreeBytes = null;
        for (var i = 0; i < 100; i++, appended += 100) await log.AppendAsync(Batch(appended, 100), Cancellation);
        AssertSame(Samples(0, appended), ReadAll(log));
    }

    [Fact]
    public async Task Append_WhereThePartOfAFailedGroupCannotBeCutOff_LeavesNothingBehindTheMarkOfItsSegment()
    {
        // The last group before the next segment is shorter than what a failed one left in its place.
        var options = SmallSegments with { SegmentSizeBytes = 10_000 };
        await using (var log = OpenLog(_disk, options))
        {
            while (_disk.Content(_disk.ListFiles(LogDirectory)[0]).Length < 9_900) await log.AppendAsync(Batch(0, 1), Cancellation);
            await LeaveRemnantAsync(log);
            for (var i = 0; i < 5; i++) await log.AppendAsync(Batch(i, 1), Cancellation);
            Assert.Equal(2, _disk.ListFiles(LogDirectory).Count);
        }
        await using var reopened = OpenLog(_disk, options);
        Assert.Equal(Sample(4), ReadAll(reopened)[^1]);
    }

    [Fact]
    public async Task Append_WhereThePartOfAFailedGroupStandsBehindTheMarkOfAClosedLog_CutsItOffBeforeTheNextSegment()
    {
        var time = new FakeTimeProvider();
        await using (var log = OpenLog(_disk, time: time)) await log.AppendAsync(Batch(0, 10), Cancellation);
        await using (var log = OpenLog(_disk, time: time))
        {
            await LeaveRemnantAsync(log);
            time.Advance(TimeSpan.FromDays(2));
            await log.AppendAsync(Batch(10, 10), Cancellation);
            Assert.Equal(2, _disk.ListFiles(LogDirectory).Count);
        }
        await using var reopened = OpenLog(_disk, time: time);
        AssertSame(Samples(0, 20), ReadAll(reopened));
    }

    [Fact]
    public async Task Append_AfterAcknowledgement_SurvivesEveryMomentOfPowerLoss()
    {
        // The disk stops after one more change each time, through several segments and several starts.
        for (var stop = 1; stop < 120; stop++)
        {
            var disk = new SimulatedDisk(stop);
            var acknowledged = 0;
            await using (var log = OpenLog(disk))
            {
                disk.Faults.StopAfter(stop);
                try
                {
                    for (; acknowledged < 20_000; acknowledged += 400) await log.AppendAsync(Batch(acknowledged, 400), Cancellation);
                }
                catch (LogUnavailableException)
                {
                    // The moment has come.
                }
                disk.LosePower();
            }
            await using var reopened = OpenLog(disk);
            Assert.InRange(reopened.DurableOffset.Value, acknowledged, acknowledged + 400);
            Assert.Equal(0, (reopened.DurableOffset.Value - acknowledged) % 400);
            AssertSame(Samples(0, (int)reopened.DurableOffset.Value), ReadAll(reopened));
        }
    }

    [Fact]
    public async Task Append_WithOsDurability_SurvivesAKillWithoutASync()
    {
        var options = SmallSegments with { Durability = Durability.Os };
        await using (var log = OpenLog(_disk, options))
        {
            var before = _disk.Syncs;
            for (var i = 0; i < 10; i++) await log.AppendAsync(Batch(i * 10, 10), Cancellation);
            Assert.Equal(before, _disk.Syncs);
            _disk.Kill();
        }
        await using var reopened = OpenLog(_disk, options);
        AssertSame(Samples(0, 100), ReadAll(reopened));
    }

    [Fact]
    public async Task Open_WithOsDurabilityAfterPowerLoss_KeepsWhatPrecedesTheFirstHole()
    {
        var options = SmallSegments with { Durability = Durability.Os };
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new SimulatedDisk(seed);
            await using (var log = OpenLog(disk, options))
            {
                for (var i = 0; i < 10; i++) await log.AppendAsync(Batch(i * 30, 30), Cancellation);
                disk.LosePower();
            }
            await using var reopened = OpenLog(disk, options);
            AssertSame(Samples(0, (int)reopened.DurableOffset.Value), ReadAll(reopened));
        }
    }

    public static TheoryData<Exception, string> Refusals => new()
    {
        { DiskFaults.NoSpace(), "Free some space" },
        { DiskFaults.ReadOnly(), "Make the directory writable" },
        { new UnauthorizedAccessException("Access to the path is denied."), "Make the directory writable" },
        { DiskFaults.Failure(), "Check its disk" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Open_WhereTheDiskRefuses_NamesTheDirectoryAndTheFix(Exception failure, string fix)
    {
        _disk.Faults.ChangeFailure = failure;
        var refusal = Assert.Throws<LogUnavailableException>(() => OpenLog(_disk, directory: "/data/other"));
        Assert.Contains("/data/other", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(failure.Message, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(fix, refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.RetryMayHelp);
    }

    /// <summary>A write that fails on a full disk, and whose beginning cannot be cut off.</summary>
    private async Task LeaveRemnantAsync(InteractionLog log)
    {
        _disk.Faults.FreeBytes = 5000;
        _disk.Faults.ChangeFailure = DiskFaults.NoSpace();
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Batch(0, 2000), Cancellation));
        _disk.Faults.Clear();
    }
}
