using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

/// <summary>Histories of which a checkpoint keeps several chunks, with ids of every length.</summary>
public sealed class UserPagesTests : IDisposable
{
    private const int Users = 6000;
    private const int Interactions = 40_000;
    private const int Length = 12;

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public UserPagesTests() => _path = Path.Combine(_folder.FullPath, "users");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(Length)]
    [InlineData(50)]
    public void Read_AsLong_IsWhatWasWrittenAndGoesOnAlike(int length)
    {
        var written = Grown(length);
        Write(written);

        var restored = Read(length);

        Assert.True(restored.Users.Records.Blocks.ChunkCount > 1);
        Assert.All(restored.Users.Ids.Skip(2), pool => Assert.True(pool.UsedCount > 0, $"ids of up to {pool.BlockLength} bytes"));
        AssertSame(written, restored);
        Grow(written, Interactions, 2 * Interactions);
        Grow(restored, Interactions, 2 * Interactions);
        AssertSame(written, restored);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(13)]
    [InlineData(100)]
    public void Read_OtherMaximumLength_KeepsTheLatest(int length)
    {
        var written = Grown(Length);
        Write(written);

        var restored = Read(length);

        Assert.Equal(written.UserCount, restored.UserCount);
        var (events, kept) = (new HistoryEvent[Length], new HistoryEvent[length]);
        for (var user = 0; user < Users; user++)
        {
            Assert.Equal(written.TryRead(IdOf(user), events, out var count, out var version), restored.TryRead(IdOf(user), kept, out var keptCount, out var keptVersion));
            Assert.Equal(version, keptVersion);
            Assert.Equal(events[Math.Max(0, count - length)..count], kept[..keptCount]);
        }
    }

    [Fact]
    public void Read_FewerUsersThanThereWere_KeepsThoseOfTheLatestInteractions()
    {
        var written = Grown(Length);
        Write(written);

        var restored = new UserHistories(Length, maximumUsers: 10);
        Read(restored);

        Assert.Equal(10, restored.UserCount);
        var versions = Enumerable.Range(0, Users).Select(user => written.TryRead(IdOf(user), new HistoryEvent[Length], out _, out var version) ? version : 0).OrderDescending().Take(10);
        Assert.All(versions, version => Assert.Contains(version, Enumerable.Range(0, restored.SlotCount).Select(slot => restored.TryGlanceVersion(slot, out var found) ? found : 0)));
    }

    [Fact]
    public void Read_NoUsers_IsEmpty()
    {
        Write(new UserHistories(Length));

        var restored = Read(Length);

        Assert.Equal(0, restored.UserCount);
        Grow(restored, 0, 1000);
        var expected = new UserHistories(Length);
        Grow(expected, 0, 1000);
        AssertSame(expected, restored);
    }

    [Fact]
    public void Read_WrittenWhileUsersCameAndWent_IsMadeWholeByReplay() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[1, 10], Gen.Int[1, 60]).Sample(
            (start, every, maximumUsers) =>
            {
                var histories = new UserHistories(Length, maximumUsers);
                Grow(histories, 0, start, users: 100);
                var (applied, looks) = (start, 0);
                Write(histories, () =>
                {
                    if (++looks % every != 0) return;
                    Grow(histories, applied, applied + 1, users: 100);
                    applied++;
                });

                var restored = new UserHistories(Length, maximumUsers);
                Read(restored);
                Grow(restored, start, applied, users: 100);

                // Who went while it was written may be there still; who is there is as it was.
                for (var user = 0; user < 100; user++)
                {
                    var (events, same) = (new HistoryEvent[Length], new HistoryEvent[Length]);
                    if (!histories.TryRead(IdOf(user), events, out var count, out var version)) continue;
                    if (!restored.TryRead(IdOf(user), same, out var sameCount, out var sameVersion)) continue;
                    Assert.Equal((count, version), (sameCount, sameVersion));
                    Assert.Equal(events[..count], same[..sameCount]);
                }

                File.Delete(_path);
            },
            iter: 100,
            threads: 1);

    [Fact]
    public void Remove_UserWhomTheCheckpointMetTwice_IsGoneAltogether()
    {
        var histories = new UserHistories(Length);
        for (var user = 0; user < 4; user++) histories.Apply(IdOf(user), Click(user), new LogOffset(user));
        var looks = 0;
        Write(histories, () =>
        {
            // The first was written; now somebody else has the slot, and the first comes back behind the last.
            if (++looks != 3) return;
            histories.Remove(IdOf(0));
            histories.Apply(IdOf(10), Click(10), new LogOffset(10));
            histories.Apply(IdOf(0), Click(11), new LogOffset(11));
        });
        var restored = Read(Length);
        Assert.True(restored.TryRead(IdOf(0), new HistoryEvent[Length], out _, out var version));
        Assert.Equal(12, version);

        Assert.True(restored.Remove(IdOf(0)));

        Assert.False(restored.TryRead(IdOf(0), new HistoryEvent[Length], out _, out _));
        Assert.False(restored.Remove(IdOf(0)));
    }

    [Theory]
    [InlineData("id of nobody", "id of 0 bytes")]
    [InlineData("id too long", "id of 257 bytes")]
    [InlineData("class that is not there", "of class 4")]
    [InlineData("more events than fit", "has 13 interactions")]
    [InlineData("block of another user", "in block 0")]
    [InlineData("block below 0", "in block -1")]
    [InlineData("block of an id that is another's", "its user")]
    [InlineData("id whose user is gone", "nobody's")]
    public void Read_RecordsThatContradictTheirBlocksBehindRightChecksums_IsRefused(string what, string message) =>
        AssertRefused(
            section =>
            {
                var first = RecordsOf(section, ofTheLastChunk: false);
                var last = RecordsOf(section, ofTheLastChunk: true);
                var (full, longId, lastLong) = (1, 1, last.Length - 1);
                while (first[full].EventCount < Length) full++;
                while (first[longId].HasInlineId || first[longId].IdBlock == 0) longId++;
                while (last[lastLong].HasInlineId) lastLong--;
                switch (what)
                {
                    case "id of nobody": first[full].IdLength = 0; break;
                    case "id too long": first[full].IdLength = UserDirectory.MaximumIdBytes + 1; break;
                    case "class that is not there": first[full].EventClass = 4; break;
                    case "more events than fit": first[full].EventCount = Length + 1; break;
                    case "block of another user": last[^1].EventBlock = 0; break;
                    case "block below 0": first[full].EventBlock = -1; break;
                    case "block of an id that is another's": first[longId].IdBlock = 0; break;
                    // The last of its length, so that no other user misses its place.
                    default: last[lastLong].IdLength = 3; break;
                }
            },
            message);

    [Theory]
    [InlineData(0, 0, "up to 0 interactions")]
    [InlineData(0, 70_000, "up to 70000 interactions")]
    [InlineData(0, 5, "classes of events where")]
    [InlineData(4, 3, "3 classes of events where 4 belong")]
    [InlineData(8, -1, "-1 of something")]
    [InlineData(8, 1_000_000, "fewer pages")]
    [InlineData(24, 15, "15 lengths of ids where 16 belong")]
    [InlineData(92, -1, "-1 of something")]
    [InlineData(92, 100, "more pages than 100")]
    [InlineData(92, int.MaxValue, "fewer pages")]
    [InlineData(96, -1, "-1 of something")]
    [InlineData(96, 0, "not all there")]
    [InlineData(96, 1_000_000, "pages of kind")]
    public void Read_IndexThatCannotBeBehindRightChecksums_IsRefused(int place, int value, string message) =>
        AssertRefused(section => BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(IndexOf(section) + place), value), message);

    public void Dispose() => _folder.Dispose();

    private void AssertRefused(Action<byte[]> change, string message)
    {
        Write(Grown(Length));
        WrittenCheckpoint.Change(_path, CheckpointFormat.Users, change);

        var refusal = Assert.Throws<CheckpointCorruptException>(() => Read(Length));

        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    private static int IndexOf(byte[] section) => section.Length - sizeof(int) - BinaryPrimitives.ReadInt32LittleEndian(section.AsSpan(section.Length - sizeof(int)));

    // Of the first chunk of records, or of the last, which is cut.
    private static Span<UserRecord> RecordsOf(byte[] section, bool ofTheLastChunk)
    {
        var histories = new UserHistories(Length);
        var index = IndexOf(section);
        (int Blocks, int Bytes)[] kinds = [LayoutOf(histories.Users.Records.Blocks), .. histories.Events.Select(pool => LayoutOf(pool.Blocks)), .. histories.Users.Ids.Select(pool => LayoutOf(pool.Blocks))];
        int[] left = [CountAt(92), .. Enumerable.Range(0, histories.Events.Count).Select(kind => CountAt(8 + (4 * kind))), .. Enumerable.Range(0, histories.Users.Ids.Count).Select(length => CountAt(28 + (4 * length)))];
        var place = CheckpointFormat.PageBytes - CheckpointFormat.HeaderBytes;
        var found = default(Span<UserRecord>);
        foreach (var kind in section[(index + 100)..^sizeof(int)])
        {
            var blocks = Math.Min(left[kind], kinds[kind].Blocks);
            var bytes = blocks * (kinds[kind].Bytes / kinds[kind].Blocks);
            if (kind == UserPagesWriter.RecordsKind && (ofTheLastChunk || found.IsEmpty)) found = MemoryMarshal.Cast<byte, UserRecord>(section.AsSpan(place, bytes));
            left[kind] -= blocks;
            place += bytes;
        }

        return found;

        int CountAt(int at) => BinaryPrimitives.ReadInt32LittleEndian(section.AsSpan(index + at));
    }

    private static (int Blocks, int Bytes) LayoutOf<T>(BlockTable<T> table)
        where T : unmanaged => (table.ChunkBlocks, table.ChunkBytes);

    private void Write(UserHistories histories, Action? beforeEach = null)
    {
        using var file = DiskFileSystem.Instance.Open(_path, FileOpenMode.Create);
        CheckpointWriter.Write(file, StateOf(histories), () => new LogOffset(1), beforeEach ?? (() => { }));
    }

    private UserHistories Read(int length)
    {
        var histories = new UserHistories(length);
        Read(histories);
        return histories;
    }

    private void Read(UserHistories histories)
    {
        using var file = DiskFileSystem.Instance.Open(_path, FileOpenMode.Read);
        CheckpointReader.ReadBounds(file);
        CheckpointReader.Read(file, StateOf(histories));
    }

    private static AppliedState StateOf(UserHistories histories) => new(new ItemKeys(), histories, new ItemCounters(TimeSpan.FromDays(7)));

    private static UserHistories Grown(int length)
    {
        var histories = new UserHistories(length);
        Grow(histories, 0, Interactions);
        return histories;
    }

    private static void Grow(UserHistories histories, int from, int to, int users = Users)
    {
        for (var offset = from; offset < to; offset++)
        {
            // Some users come often and some rarely, so that there are blocks of every class.
            var user = (int)(users * Math.Pow(new Random(offset).NextDouble(), 3));
            histories.Apply(IdOf(user), Click(offset), new LogOffset(offset));
        }
    }

    private static HistoryEvent Click(int offset) => new(new ItemKey(offset), InteractionType.Click, 1_700_000_000_000 + offset, 1);

    private static string IdOf(int user) => $"{user}-".PadRight(Math.Max(6, user % (UserDirectory.MaximumIdBytes + 1)), 'x');

    private static void AssertSame(UserHistories expected, UserHistories actual)
    {
        Assert.Equal(expected.UserCount, actual.UserCount);
        var (events, same) = (new HistoryEvent[expected.MaximumLength], new HistoryEvent[expected.MaximumLength]);
        for (var user = 0; user < Users; user++)
        {
            Assert.Equal(expected.TryRead(IdOf(user), events, out var count, out var version), actual.TryRead(IdOf(user), same, out var countNow, out var versionNow));
            Assert.Equal((count, version), (countNow, versionNow));
            Assert.Equal(events[..count], same[..count]);
        }
    }
}
