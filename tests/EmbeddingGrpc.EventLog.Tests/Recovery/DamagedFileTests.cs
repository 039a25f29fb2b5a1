using EmbeddingGrpc.EventLog.Inspection;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Recovery;

/// <summary>Arbitrary damage to a segment's file: the log opens with a beginning of what was written, or refuses as corrupt. Nothing else.</summary>
public sealed class DamagedFileTests
{
    private const int Entries = 600;

    private readonly SimulatedDisk _disk = new(seed: 8);
    private byte[] _sound = [];

    private SimulatedContent Content => _disk.Content(_disk.ListFiles(LogDirectory)[0]);

    [Fact]
    public async Task Open_OfADamagedFile_ReadsABeginningOrRefuses()
    {
        await WriteAsync();
        var (opened, refused) = (0, 0);
        for (var seed = 0; seed < 2000; seed++)
        {
            Damage(seed);
            try
            {
                await using var log = OpenLog(_disk);
                AssertSame(Samples(0, (int)log.DurableOffset.Value), ReadAll(log));
                opened++;
            }
            catch (LogCorruptException)
            {
                refused++;
            }
        }
        Assert.True(opened > 100 && refused > 100, $"{opened} opened, {refused} refused");
    }

    [Fact]
    public async Task Salvage_OfADamagedFile_MakesALogThatOpensAndLiesAboutNothing()
    {
        await WriteAsync();
        for (var seed = 10_000; seed < 11_000; seed++)
        {
            Damage(seed);
            var report = LogInspector.Inspect(LogDirectory, _disk, TestContext.Current.CancellationToken);
            LogInspector.Salvage(LogDirectory, TimeProvider.System, _disk, TestContext.Current.CancellationToken);
            await using var log = OpenLog(_disk);
            var entries = ReadAllEntries(log);
            AssertSame(entries.Select(entry => Sample((int)entry.Offset.Value)), entries.Select(entry => entry.Interaction));
            // Nothing that could be read before is gone, and a sound log was left alone.
            Assert.True(entries.Length >= report.Interactions, $"seed {seed}: {report.Interactions} before, {entries.Length} after");
        }
    }

    [Fact]
    public async Task Open_SegmentOfANewerVersion_IsRefusedByNumberAndNotSalvaged()
    {
        await WriteAsync();
        var bytes = _sound.ToArray();
        bytes[8] = 2;
        // As that version would have written it, with a checksum of its own.
        var length = BitConverter.ToInt32(bytes, 12);
        BitConverter.TryWriteBytes(bytes.AsSpan(length - 8), System.IO.Hashing.XxHash3.HashToUInt64(bytes.AsSpan(0, length - 8)));
        Content.Write(0, bytes);

        foreach (var attempt in new Action[] { () => OpenLog(_disk), Salvage, () => LogInspector.Inspect(LogDirectory, _disk, TestContext.Current.CancellationToken) })
        {
            var refusal = Assert.Throws<LogUnavailableException>(attempt);
            Assert.False(refusal.RetryMayHelp);
            Assert.Contains("format version 2; this program reads version 1", refusal.Message, StringComparison.Ordinal);
            Assert.Contains(_disk.ListFiles(LogDirectory)[0], refusal.Message, StringComparison.Ordinal);
        }

        Assert.True(Content.Bytes.SequenceEqual(bytes));

        // One bit of the number: everything else says that it is this version's.
        Restore();
        Content.Bytes[8] ^= 2;
        Assert.Throws<LogCorruptException>(() => OpenLog(_disk));
        Salvage();
        await using var log = OpenLog(_disk);
        AssertSame(Samples(0, Entries), ReadAll(log));

        void Salvage() => LogInspector.Salvage(LogDirectory, TimeProvider.System, _disk, TestContext.Current.CancellationToken);
    }

    /// <summary>One to three flips, cuts and overwrites, of the sound file.</summary>
    private void Damage(int seed)
    {
        Restore();
        var random = new Random(seed);
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var place = random.Next(Content.Length + 1);
            switch (random.Next(4))
            {
                case 0 when place < Content.Length:
                    Content.Bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    Content.SetLength(place);
                    break;
                case 2:
                    Content.Write(place, new byte[random.Next(4096)]);
                    break;
                default:
                    var noise = new byte[random.Next(2000)];
                    random.NextBytes(noise);
                    Content.Write(place, noise);
                    break;
            }
        }
    }

    private async Task WriteAsync()
    {
        await using (var log = OpenLog(_disk)) await AppendSamplesAsync(log, 0, Entries, batch: 40);
        _sound = Content.Bytes.ToArray();
    }

    private void Restore()
    {
        foreach (var path in _disk.ListFiles(LogDirectory).Skip(1)) _disk.Delete(path);
        Content.SetLength(0);
        Content.Write(0, _sound);
        Content.Sync();
    }
}
