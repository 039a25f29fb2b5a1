using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Recovery;

public sealed class LogRecoveryTests
{
    private readonly SimulatedDisk _disk = new(seed: 3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string FirstSegment => _disk.ListFiles(LogDirectory)[0];

    private SimulatedContent Content => _disk.Content(FirstSegment);

    [Fact]
    public async Task Open_WithAGroupCutAnywhere_CutsItOffAndGoesOn()
    {
        var end = await WriteGroupsAsync(5);
        for (var cut = end[4] - 1; cut > end[3]; cut -= 7)
        {
            Content.SetLength(cut);
            await using var log = OpenLog(_disk);
            Assert.Equal(new LogOffset(40), log.DurableOffset);
            Assert.Equal(end[3], Content.Length);
            Assert.Equal(new LogOffset(50), (await log.AppendAsync(Batch(40, 10), Cancellation)).DurableOffset);
            AssertSame(Samples(0, 50), ReadAll(log));
        }
    }

    [Fact]
    public async Task Open_WithAnyBitFlippedBeforeAValidGroup_RefusesAndSaysWhereAndWhatToDo()
    {
        var end = await WriteGroupsAsync(5);
        for (var at = end[1]; at < end[2]; at++)
        {
            Content.Bytes[at] ^= 0x10;
            var corrupt = Assert.Throws<LogCorruptException>(() => OpenLog(_disk));
            Assert.Equal(FirstSegment, corrupt.File);
            Assert.Equal(end[1], corrupt.Position);
            Assert.Contains("embedctl log salvage " + LogDirectory, corrupt.Message, StringComparison.Ordinal);
            Content.Bytes[at] ^= 0x10;
        }
        await using var log = OpenLog(_disk);
        Assert.Equal(new LogOffset(50), log.DurableOffset);
    }

    [Fact]
    public async Task Open_WithABitFlippedInTheLastGroupOfAClosedLog_RefusesSinceItsMarkProvesTheGroup()
    {
        var end = await WriteGroupsAsync(5);
        Content.Bytes[end[4] - 5] ^= 1;
        Assert.Equal(end[3], Assert.Throws<LogCorruptException>(() => OpenLog(_disk)).Position);
    }

    [Fact]
    public async Task Open_WithGarbageAfterTheEnd_CutsItOff()
    {
        await WriteGroupsAsync(3);
        var garbage = new byte[100_000];
        new Random(5).NextBytes(garbage);
        Content.Write(Content.Length, garbage);
        await using var log = OpenLog(_disk);
        AssertSame(Samples(0, 30), ReadAll(log));
    }

    [Fact]
    public async Task Open_WithATailThatQuotesAGroupInsideAnId_IsNotFooledByIt()
    {
        // Whoever may choose ids must not be able to make a torn tail look like corruption.
        var end = await WriteGroupsAsync(2);
        var quoted = Content.Bytes[(int)end[0]..(int)end[1]].ToArray();
        Content.SetLength(end[1]);
        Content.Write(end[1], new byte[64]);
        Content.Write(end[1] + 64, quoted);
        await using var log = OpenLog(_disk);
        AssertSame(Samples(0, 20), ReadAll(log));
    }

    [Fact]
    public async Task Open_WithAMissingSegment_RefusesAndNamesItsNeighbours()
    {
        await using (var log = OpenLog(_disk)) await AppendSamplesAsync(log, 0, 20_000, batch: 1000);
        var segments = _disk.ListFiles(LogDirectory);
        _disk.Delete(segments[1]);
        var corrupt = Assert.Throws<LogCorruptException>(() => OpenLog(_disk));
        Assert.Equal(segments[0], corrupt.File);
        Assert.Contains(segments[2], corrupt.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WithAFinishedSegmentCutShort_Refuses()
    {
        await using (var log = OpenLog(_disk)) await AppendSamplesAsync(log, 0, 20_000, batch: 1000);
        Content.SetLength(Content.Length - 1);
        Assert.Equal(FirstSegment, Assert.Throws<LogCorruptException>(() => OpenLog(_disk)).File);
    }

    [Fact]
    public async Task Scan_OverDamageInAFinishedSegment_ThrowsAtIt()
    {
        await using (var written = OpenLog(_disk)) await AppendSamplesAsync(written, 0, 20_000, batch: 1000);
        Content.Bytes[3000] ^= 1;
        await using var log = OpenLog(_disk);
        Assert.Equal(FirstSegment, Assert.Throws<LogCorruptException>(() => ReadAll(log)).File);
    }

    [Fact]
    public async Task Open_WithATemporaryFileOfAnInterruptedRoll_RemovesIt()
    {
        await WriteGroupsAsync(1);
        _disk.Open(LogDirectory + "/00000000000000000099.log.tmp", EventLog.Files.FileOpenMode.Create).Dispose();
        await using var log = OpenLog(_disk);
        Assert.DoesNotContain(_disk.ListFiles(LogDirectory), path => path.EndsWith(".tmp", StringComparison.Ordinal));
        AssertSame(Samples(0, 10), ReadAll(log));
    }

    /// <summary>Groups of ten; returns where each ends. A mark follows the last.</summary>
    private async Task<int[]> WriteGroupsAsync(int count)
    {
        var ends = new int[count];
        await using var log = OpenLog(_disk);
        for (var i = 0; i < count; i++)
        {
            await log.AppendAsync(Batch(i * 10, 10), Cancellation);
            ends[i] = Content.Length;
        }
        return ends;
    }
}
