using EmbeddingGrpc.EventLog.Inspection;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Inspection;

public sealed class LogInspectorTests
{
    private readonly SimulatedDisk _disk = new(seed: 6);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Inspect_OfASoundLog_CountsWhatIsInIt()
    {
        await WriteAsync(20_000);
        var report = Inspect();
        Assert.True(report.IsSound);
        Assert.Equal(20_003, report.EndOffset.Value);
        Assert.Equal(20_000, report.Interactions);
        Assert.Equal(3, report.Segments.Sum(segment => segment.Records));
        Assert.Equal(1, report.Producers);
        Assert.Equal(_disk.ListFiles(LogDirectory).Sum(path => (long)_disk.Content(path).Length), report.Bytes);
        Assert.InRange(report.BytesPerInteraction, 4, 20);
    }

    [Fact]
    public async Task Inspect_OfATornTail_SaysThatTheLogIsSound()
    {
        await WriteAsync(5_000);
        var last = _disk.Content(_disk.ListFiles(LogDirectory)[^1]);
        last.Write(last.Length, new byte[777]);
        var report = Inspect();
        Assert.True(report.IsSound);
        Assert.Equal(new LogDamage(last.Length - 777, 777, "a group was expected", IsTornTail: true), Assert.Single(report.Segments[^1].Damage));
    }

    [Fact]
    public async Task Inspect_OfSeveralDamages_FindsEachAndReadsOnBehindIt()
    {
        await WriteAsync(20_000);
        var path = _disk.ListFiles(LogDirectory)[0];
        Damage(path, 1000);
        Damage(path, 40_000);
        var report = Inspect();
        Assert.False(report.IsSound);
        Assert.Equal(2, report.Segments[0].Damage.Count);
        Assert.Equal(19_000, report.Interactions);
        Assert.Equal(20_003, report.EndOffset.Value);
    }

    [Fact]
    public void Inspect_OfAMissingDirectory_SaysWhich()
    {
        var refusal = Assert.Throws<LogUnavailableException>(() => LogInspector.Inspect("/nowhere", _disk, Cancellation));
        Assert.Contains("/nowhere", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dump_OfARange_ReadsEveryKindInIt()
    {
        await WriteAsync(20_000);
        var entries = LogInspector.Dump(LogDirectory, new LogOffset(9_990), new LogOffset(20_003), _disk, Cancellation).ToArray();
        Assert.Equal(10_013, entries.Length);
        Assert.Equal(Sample(9_990), entries[0].Interaction);
        Assert.Equal(new ItemDeleted("sku/9"), entries[^1].Record);
    }

    [Fact]
    public async Task Dump_OverDamage_ThrowsAtIt()
    {
        await WriteAsync(20_000);
        Damage(_disk.ListFiles(LogDirectory)[0], 1000);
        Assert.Throws<LogCorruptException>(() => LogInspector.Dump(LogDirectory, default, new LogOffset(20_000), _disk, Cancellation).Count());
    }

    [Fact]
    public async Task Salvage_OfADamagedGroup_KeepsEverythingElseAtItsOffset()
    {
        await WriteAsync(20_000);
        var path = _disk.ListFiles(LogDirectory)[1];
        Damage(path, 30_000);
        await SalvageAndCompareAsync(expectedLost: 500, path);
    }

    [Fact]
    public async Task Salvage_OfADamagedHeader_KeepsItsGroups()
    {
        await WriteAsync(20_000);
        var path = _disk.ListFiles(LogDirectory)[1];
        Damage(path, 10);
        await SalvageAndCompareAsync(expectedLost: 0, path);
    }

    [Fact]
    public async Task Salvage_OfADamagedHeaderOfTheLastSegment_KeepsItsGroupsAndTheProducers()
    {
        await WriteAsync(20_000);
        var path = _disk.ListFiles(LogDirectory)[^1];
        Damage(path, 10);
        await SalvageAndCompareAsync(expectedLost: 0, path);
    }

    [Fact]
    public async Task Salvage_OfASaltThatIsLost_GivesUpTheSegmentAndKeepsTheOthers()
    {
        await WriteAsync(20_000);
        var segments = _disk.ListFiles(LogDirectory);
        Damage(segments[1], 33);
        var lost = OffsetOf(segments[2]) - OffsetOf(segments[1]);
        await SalvageAndCompareAsync(lost, segments[1]);
    }

    [Fact]
    public async Task Salvage_OfAMissingSegment_FillsItsPlace()
    {
        await WriteAsync(20_000);
        var segments = _disk.ListFiles(LogDirectory);
        _disk.Delete(segments[1]);
        await SalvageAndCompareAsync(OffsetOf(segments[2]) - OffsetOf(segments[1]), segments[1], keepsOriginal: false);
    }

    [Fact]
    public async Task Salvage_OfASoundLog_ChangesNothing()
    {
        await WriteAsync(20_000);
        var before = Inspect();
        var result = LogInspector.Salvage(LogDirectory, TimeProvider.System, _disk, Cancellation);
        Assert.Empty(result.SegmentsRewritten);
        Assert.Equal(0, result.EntriesLost);
        Assert.Equal(before.Bytes, Inspect().Bytes);
    }

    [Fact]
    public async Task Salvage_OfALogThatIsOpen_IsRefused()
    {
        await using var log = OpenLog(_disk);
        Assert.Throws<LogUnavailableException>(() => LogInspector.Salvage(LogDirectory, TimeProvider.System, _disk, Cancellation));
    }

    private static long OffsetOf(string path) => long.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture);

    private async Task SalvageAndCompareAsync(long expectedLost, string rewritten, bool keepsOriginal = true)
    {
        Assert.False(Inspect().IsSound);
        var result = LogInspector.Salvage(LogDirectory, TimeProvider.System, _disk, Cancellation);
        Assert.Equal(expectedLost, result.EntriesLost);
        Assert.Equal([rewritten], result.SegmentsRewritten);
        Assert.Equal(keepsOriginal ? [rewritten + ".damaged"] : [], result.DamagedFiles);
        Assert.True(Inspect().IsSound);
        Assert.Equal(expectedLost, Inspect().Segments.Sum(segment => segment.Lost));

        await using var log = OpenLog(_disk);
        Assert.Equal(new LogOffset(20_003), log.DurableOffset);
        Assert.Equal(20_000UL, log.DurableSequenceOf(Producer));
        var entries = log.Scan(default, log.DurableOffset, Cancellation).ToArray();
        Assert.Equal(20_000 - expectedLost, entries.Length);
        Assert.All(entries, entry => Assert.Equal(Sample((int)entry.Offset.Value), entry.Interaction));
    }

    private async Task WriteAsync(int count)
    {
        await using var log = OpenLog(_disk);
        for (var i = 0; i < count; i += 500)
        {
            var batch = Batch(i, 500) with { Producer = Producer, Numbers = [.. Enumerable.Range(i + 1, 500).Select(n => (ulong)n)], DoneThrough = (ulong)i + 500 };
            await log.AppendAsync(batch, Cancellation);
        }
        await log.AppendAsync(
            new AppendBatch([]) { Records = [new ItemUpserted("sku/9", new byte[] { 1 }), new UserErased(new byte[] { 2 }), new ItemDeleted("sku/9")] }, Cancellation);
    }

    private LogReport Inspect() => LogInspector.Inspect(LogDirectory, _disk, Cancellation);

    private void Damage(string path, int position) => _disk.Content(path).Bytes[position] ^= 0x40;
}
