using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Producers;

public sealed class ProducerNumberingTests
{
    private readonly SimulatedDisk _disk = new(seed: 2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Append_OfNumbersThatAreDurable_IgnoresThem()
    {
        await using var log = OpenLog(_disk);
        await log.AppendAsync(Numbered(Producer, 1, 10), Cancellation);
        var result = await log.AppendAsync(Numbered(Producer, 6, 10), Cancellation);
        Assert.Equal(new AppendResult(new LogOffset(15), 15, 5, 5), result);
        Assert.Equal(Samples(1, 15), ReadAll(log));
    }

    [Fact]
    public async Task Append_OfNumbersThatAreInFlight_IgnoresThem()
    {
        await using var log = OpenLog(_disk);
        var first = await log.EnqueueAsync(Numbered(Producer, 1, 100), Cancellation);
        var again = await log.EnqueueAsync(Numbered(Producer, 1, 100), Cancellation);
        Assert.Equal(100, (await first).Appended);
        Assert.Equal(new AppendResult(new LogOffset(100), 100, 0, 100), await again);
        Assert.Equal(new LogOffset(100), log.DurableOffset);
    }

    [Fact]
    public async Task Append_WithGaps_IsLegalAndCountsThemAsDone()
    {
        await using var log = OpenLog(_disk);
        var batch = new AppendBatch([Sample(1), Sample(2)], Producer, [10, 70], 80);
        Assert.Equal(80UL, (await log.AppendAsync(batch, Cancellation)).DurableSequence);
        Assert.Equal(80UL, log.DurableSequenceOf(Producer));
        var late = new AppendBatch([Sample(3), Sample(4)], Producer, [75, 81], 81);
        Assert.Equal(new AppendResult(new LogOffset(3), 81, 1, 1), await log.AppendAsync(late, Cancellation));
    }

    [Fact]
    public async Task Append_WithoutInteractions_MakesDoneThroughDurable()
    {
        await using (var log = OpenLog(_disk))
        {
            var result = await log.AppendAsync(new AppendBatch([], Producer, null, 42), Cancellation);
            Assert.Equal(new AppendResult(default, 42, 0, 0), result);
        }
        await using var reopened = OpenLog(_disk);
        Assert.Equal(42UL, reopened.DurableSequenceOf(Producer));
        Assert.Equal(default, reopened.DurableOffset);
    }

    [Fact]
    public async Task Append_OfAnEmptyBatchWithANewEpoch_FencesTheOlderOneAtOnce()
    {
        await using var log = OpenLog(_disk);
        await log.AppendAsync(Numbered(Producer, 1, 5), Cancellation);
        var newer = Producer with { Epoch = Producer.Epoch + 1 };
        Assert.Equal(0UL, log.DurableSequenceOf(newer));
        await log.AppendAsync(new AppendBatch([], newer), Cancellation);

        var fenced = await Assert.ThrowsAsync<ProducerFencedException>(async () => await log.AppendAsync(Numbered(Producer, 6, 5), Cancellation));
        Assert.Equal(newer.Epoch, fenced.CurrentEpoch);
        Assert.Throws<ProducerFencedException>(() => log.DurableSequenceOf(Producer));
        // Its numbering starts anew.
        Assert.Equal(5, (await log.AppendAsync(Numbered(newer, 1, 5), Cancellation)).Appended);
    }

    [Fact]
    public async Task Append_OfAFencedBatch_LeavesItsNeighboursInTheGroupAlone()
    {
        await using var log = OpenLog(_disk);
        var newer = Producer with { Epoch = 9 };
        var first = await log.EnqueueAsync(Numbered(newer, 1, 3), Cancellation);
        var fenced = await log.EnqueueAsync(Numbered(Producer, 1, 3), Cancellation);
        var last = await log.EnqueueAsync(Numbered(newer, 4, 3), Cancellation);
        await Assert.ThrowsAsync<ProducerFencedException>(() => fenced);
        Assert.Equal(3, (await first).Appended);
        Assert.Equal(new AppendResult(new LogOffset(6), 6, 3, 0), await last);
    }

    [Fact]
    public async Task Reopen_AfterManySegments_RemembersEveryProducer()
    {
        await using (var log = OpenLog(_disk))
        {
            for (var i = 0; i < 20; i++) await log.AppendAsync(Numbered(new ProducerId($"p{i}", (ulong)i), 1, 1000), Cancellation);
        }
        Assert.True(_disk.ListFiles(LogDirectory).Count > 2);
        await using var reopened = OpenLog(_disk);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(1000UL, reopened.DurableSequenceOf(new ProducerId($"p{i}", (ulong)i))));
    }
}
