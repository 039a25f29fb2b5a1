using System.Text;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Maintenance;

public sealed class ErasureTests
{
    private const string Erased = "user-42";

    private readonly SimulatedDisk _disk = new(seed: 5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EraseUsers_TakesTheirInteractionsAndKeepsEveryOtherOffset()
    {
        var expected = Samples(0, 20_000).Select((interaction, i) => new LogEntry(new LogOffset(i), interaction)).Where(entry => entry.Interaction.UserId != Erased).ToArray();
        await using (var log = OpenLog(_disk))
        {
            await AppendSamplesAsync(log, 0, 20_000, batch: 500);
            var result = await log.EraseUsersAsync(user => user == Erased, log.DurableOffset, Cancellation);
            Assert.Equal(20_000 - expected.Length, result.EntriesErased);
            Assert.True(result.SegmentsRewritten > 2);
            AssertSame(expected, ReadAllEntries(log));
            Assert.Equal(new LogOffset(20_000), log.DurableOffset);
            Assert.Equal(default, await log.EraseUsersAsync(user => user == Erased, log.DurableOffset, Cancellation));
        }
        await using var reopened = OpenLog(_disk);
        AssertSame(expected, ReadAllEntries(reopened));
        Assert.Equal(new LogOffset(20_001), (await reopened.AppendAsync(Batch(0, 1), Cancellation)).DurableOffset);
    }

    [Fact]
    public async Task EraseUsers_LeavesNoByteOfTheIdInAnyFile()
    {
        const string Id = "forget-me-8c1f";
        await using var log = OpenLog(_disk);
        for (var i = 0; i < 20; i++)
        {
            var batch = Batch(i * 500, 500);
            batch.Interactions[i * 7] = batch.Interactions[i * 7] with { UserId = Id };
            await log.AppendAsync(batch, Cancellation);
        }
        Assert.True(Contains(Id));
        await log.EraseUsersAsync(user => user == Id, log.DurableOffset, Cancellation);
        Assert.False(Contains(Id));

        bool Contains(string id) => _disk.ListFiles(LogDirectory).Any(path => _disk.Content(path).Bytes.IndexOf(Encoding.UTF8.GetBytes(id)) >= 0);
    }

    [Fact]
    public async Task EraseUsers_BeforeAnOffset_KeepsWhatTheUserDidAfterIt()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 5_000, batch: 500);
        var record = await log.AppendAsync(new AppendBatch([]) { Records = [new UserErased(new byte[] { 1, 2, 3 })] }, Cancellation);
        await AppendSamplesAsync(log, 5_000, 5_000, batch: 500);
        await log.EraseUsersAsync(user => user == Erased, record.DurableOffset, Cancellation);
        var left = ReadAll(log).Count(interaction => interaction.UserId == Erased);
        Assert.Equal(Samples(5_000, 5_000).Count(interaction => interaction.UserId == Erased), left);
    }

    [Fact]
    public async Task EraseUsers_BeforeAnOffset_KeepsTheEntryAtIt()
    {
        await using var log = OpenLog(_disk);
        await log.AppendAsync(new AppendBatch([Sample(0), Sample(0), Sample(0)]), Cancellation);
        await log.EraseUsersAsync(_ => true, new LogOffset(1), Cancellation);
        Assert.Equal([new LogEntry(new LogOffset(1), Sample(0)), new LogEntry(new LogOffset(2), Sample(0))], ReadAllEntries(log));
    }

    [Fact]
    public async Task EraseUsers_KeepsRecordsAndProducers()
    {
        var upserted = new ItemUpserted("sku/1", Encoding.UTF8.GetBytes("""{"title":"lamp"}"""));
        await using (var log = OpenLog(_disk))
        {
            await log.AppendAsync(Numbered(Producer, 1, 500), Cancellation);
            await log.AppendAsync(new AppendBatch([Sample(1)]) { Records = [upserted, new ItemDeleted("sku/1")] }, Cancellation);
            await log.EraseUsersAsync(_ => true, log.DurableOffset, Cancellation);
            Assert.Equal([new LogEntry(new LogOffset(501), default, upserted), new LogEntry(new LogOffset(502), default, new ItemDeleted("sku/1"))], ReadAllEntries(log));
        }
        await using var reopened = OpenLog(_disk);
        Assert.Equal(500UL, reopened.DurableSequenceOf(Producer));
        Assert.Equal(2, ReadAllEntries(reopened).Length);
    }

    [Fact]
    public async Task EraseItems_TakesTheirAttributesAndKeepsEverythingElse()
    {
        var gone = new ItemUpserted("sku/1", Encoding.UTF8.GetBytes("secret-7d1e"));
        var kept = new ItemUpserted("sku/2", Encoding.UTF8.GetBytes("lamp"));
        var interaction = Sample(0) with { ItemId = "sku/1" };
        await using (var log = OpenLog(_disk))
        {
            await log.AppendAsync(new AppendBatch([interaction]) { Records = [gone, kept] }, Cancellation);
            await AppendSamplesAsync(log, 0, 10_000, batch: 500);
            var deleted = await log.AppendAsync(new AppendBatch([]) { Records = [gone, new ItemDeleted("sku/1")] }, Cancellation);
            // Behind the deletion: it is there again.
            await log.AppendAsync(new AppendBatch([]) { Records = [new ItemUpserted("sku/1", Encoding.UTF8.GetBytes("anew"))] }, Cancellation);

            var result = await log.EraseItemsAsync(item => item == "sku/1", deleted.DurableOffset, Cancellation);

            Assert.Equal((2L, 2), (result.EntriesErased, result.SegmentsRewritten));
            Assert.Equal(default, await log.EraseItemsAsync(item => item == "sku/1", deleted.DurableOffset, Cancellation));
            Assert.DoesNotContain(_disk.ListFiles(LogDirectory), path => _disk.Content(path).Bytes.IndexOf("secret-7d1e"u8) >= 0);
        }
        await using var reopened = OpenLog(_disk);
        var entries = ReadAllEntries(reopened);
        Assert.Equal([new LogEntry(default, interaction), new LogEntry(new LogOffset(2), default, kept)], entries[..2]);
        Assert.Equal(
            [new LogEntry(new LogOffset(10_004), default, new ItemDeleted("sku/1")), new LogEntry(new LogOffset(10_005), default, new ItemUpserted("sku/1", Encoding.UTF8.GetBytes("anew")))],
            entries[^2..]);
        AssertSame(Samples(0, 10_000), ReadAll(reopened)[1..]);
    }

    [Fact]
    public async Task EraseUsers_WhileAppending_LosesNothing()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 10_000, batch: 500);
        var erasure = log.EraseUsersAsync(user => user == Erased, log.DurableOffset, Cancellation);
        await AppendSamplesAsync(log, 10_000, 10_000, batch: 500);
        await erasure;
        var expected = Samples(0, 10_000).Where(interaction => interaction.UserId != Erased).Concat(Samples(10_000, 10_000));
        AssertSame(expected, ReadAll(log));
    }

    [Fact]
    public async Task EraseUsers_AtEveryMomentOfPowerLoss_LeavesALogThatOpensAndCanBeErasedAgain()
    {
        var options = SmallSegments with { SegmentSizeBytes = 16 * 1024 };
        var all = Samples(0, 4_000).Select((interaction, i) => new LogEntry(new LogOffset(i), interaction)).ToArray();
        var expected = all.Where(entry => entry.Interaction.UserId != Erased).ToArray();
        for (var stop = 0; stop < 60; stop++)
        {
            var disk = new SimulatedDisk(stop);
            await using (var log = OpenLog(disk, options))
            {
                await AppendSamplesAsync(log, 0, 4_000, batch: 200);
                disk.Faults.StopAfter(stop);
                try
                {
                    await log.EraseUsersAsync(user => user == Erased, log.DurableOffset, Cancellation);
                }
                catch (LogUnavailableException)
                {
                    // The moment has come.
                }
                disk.LosePower();
            }
            await using var reopened = OpenLog(disk, options);
            AssertSame(expected, ReadAllEntries(reopened).Where(entry => entry.Interaction.UserId != Erased));
            await reopened.EraseUsersAsync(user => user == Erased, reopened.DurableOffset, Cancellation);
            AssertSame(expected, ReadAllEntries(reopened));
        }
    }

    [Fact]
    public async Task EraseUsers_OnAFullDisk_FailsRetryablyAndTheLogGoesOn()
    {
        await using var log = OpenLog(_disk);
        await AppendSamplesAsync(log, 0, 10_000, batch: 500);
        _disk.Faults.FreeBytes = 10_000;
        Assert.True((await Assert.ThrowsAsync<LogUnavailableException>(() => log.EraseUsersAsync(user => user == Erased, log.DurableOffset, Cancellation))).RetryMayHelp);
        _disk.Faults.FreeBytes = null;
        await log.EraseUsersAsync(user => user == Erased, log.DurableOffset, Cancellation);
        Assert.DoesNotContain(ReadAll(log), interaction => interaction.UserId == Erased);
        Assert.DoesNotContain(_disk.ListFiles(LogDirectory), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }
}
