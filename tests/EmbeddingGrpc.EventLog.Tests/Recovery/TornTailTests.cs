using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Recovery;

public sealed class TornTailTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Open_WithAGroupCutShort_CutsItOffAndGoesOn()
    {
        var end = await WriteGroups(5);
        var path = _directory.Segments[0];
        for (var cut = end[4] - 1; cut > end[3]; cut -= 97)
        {
            using (var file = File.OpenWrite(path)) file.SetLength(cut);
            await using var log = OpenLog(_directory.Path);
            Assert.Equal(new LogOffset(40), log.DurableOffset);
            Assert.Equal(end[3], new FileInfo(path).Length);
            Assert.Equal(new LogOffset(50), (await log.AppendAsync(Batch(40, 10), Cancellation)).DurableOffset);
            Assert.Equal(Enumerable.Range(0, 50).Select(Sample), ReadAll(log));
        }
    }

    [Fact]
    public async Task Open_WithABitFlippedBeforeAValidGroup_RefusesAndSaysWhere()
    {
        var end = await WriteGroups(5);
        var path = _directory.Segments[0];
        for (var at = end[1]; at < end[2]; at += 13)
        {
            Flip(path, at);
            var corrupt = Assert.Throws<LogCorruptException>(() => OpenLog(_directory.Path));
            Assert.Equal(path, corrupt.File);
            Assert.Equal(end[1], corrupt.Position);
            Flip(path, at);
        }
        await using var log = OpenLog(_directory.Path);
        Assert.Equal(new LogOffset(50), log.DurableOffset);
    }

    [Fact]
    public async Task Open_WithABitFlippedInTheLastGroupOfAClosedLog_RefusesSinceItsMarkProvesTheGroup()
    {
        var end = await WriteGroups(5);
        Flip(_directory.Segments[0], end[4] - 5);
        Assert.Equal(end[3], Assert.Throws<LogCorruptException>(() => OpenLog(_directory.Path)).Position);
    }

    [Fact]
    public async Task Open_WithGarbageAfterTheEnd_CutsItOff()
    {
        await WriteGroups(3);
        using (var file = new FileStream(_directory.Segments[0], FileMode.Append)) file.Write(new byte[100_000]);
        await using var log = OpenLog(_directory.Path);
        Assert.Equal(Enumerable.Range(0, 30).Select(Sample), ReadAll(log));
    }

    [Fact]
    public async Task Open_WithAMissingSegment_RefusesAndNamesItsNeighbour()
    {
        var options = new EventLogOptions { SegmentSizeBytes = 64 * 1024 };
        await using (var log = OpenLog(_directory.Path, options))
        {
            for (var i = 0; i < 20_000; i += 1000) await log.AppendAsync(Batch(i, 1000), Cancellation);
        }
        var segments = _directory.Segments;
        File.Delete(segments[1]);
        Assert.Equal(segments[0], Assert.Throws<LogCorruptException>(() => OpenLog(_directory.Path, options)).File);
    }

    [Fact]
    public async Task Open_OfANewerFormat_IsRefusedWithBothVersions()
    {
        await WriteGroups(1);
        using (var file = File.OpenWrite(_directory.Segments[0]))
        {
            file.Position = 8;
            file.WriteByte(9);
        }
        var refusal = Assert.Throws<LogCorruptException>(() => OpenLog(_directory.Path));
        Assert.Contains("version 9", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Groups of ten; returns where each ends. A mark follows the last.</summary>
    private async Task<long[]> WriteGroups(int count)
    {
        var ends = new long[count];
        await using var log = OpenLog(_directory.Path);
        for (var i = 0; i < count; i++)
        {
            await log.AppendAsync(Batch(i * 10, 10), Cancellation);
            ends[i] = new FileInfo(_directory.Segments[0]).Length;
        }
        return ends;
    }

    private static void Flip(string path, long position)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 0x10));
    }
}
