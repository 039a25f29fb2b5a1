using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

/// <summary>Checkpoints whose sections have several blocks, which are read at the same time and checked while they are.</summary>
public sealed class CheckpointBlockTests : IDisposable
{
    private const int Entries = 60_000;
    private const int Users = 6000;
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointStore _store;
    private readonly AppliedState _written = NewState();
    private readonly string _path;

    public CheckpointBlockTests()
    {
        _store = new CheckpointStore(_folder.FullPath, DiskFileSystem.Instance, NullLogger.Instance);
        for (var offset = 0; offset < Entries; offset++)
        {
            // Ids of different lengths, so that records lie across the ends of blocks in every way.
            var item = _written.Items.GetOrAdd($"item-{Math.Pow(offset % 9973, 1.5):F0}");
            var interaction = new HistoryEvent(item, InteractionType.Click, 1_700_000_000_000 + offset, 1f);
            _written.Histories.Apply(UserOf(offset), interaction, new LogOffset(offset));
            _written.Counters.Apply(interaction, new LogOffset(offset));
            var before = new HistoryEvent(_written.Items.GetOrAdd($"item-{Math.Pow((offset * 7L) % 9973, 1.5):F0}"), InteractionType.Click, 1_700_000_000_000 + offset - 1, 1f);
            _written.Graph.Apply(interaction, [before], [], 2, new LogOffset(offset));
        }

        _store.Write(_written, () => new LogOffset(Entries), CancellationToken.None);
        _path = Directory.GetFiles(_folder.FullPath, "*.checkpoint").Single();
    }

    [Fact]
    public void Restore_SectionsOfSeveralBlocks_IsWhatWasWritten()
    {
        Assert.All(Table().Sections.Where(section => section.Name is not ("items" or "catalogue")), section => Assert.True(section.Checksums.Count > 1, section.Name));

        var restored = _store.Restore(NewState, new LogOffset(Entries), out var start);

        Assert.Equal(Entries, start.Value);
        AssertSame(_written, restored);
    }

    [Fact]
    public void Restore_VersionWithoutPagesOfUsers_IsWhatWasWritten()
    {
        OlderVersion.Replace(_path, CheckpointFormat.VersionWithoutUserPages, _written.Histories);

        var restored = _store.Restore(NewState, new LogOffset(Entries), out var start);

        Assert.Equal(Entries, start.Value);
        AssertSame(_written, restored);
    }

    [Fact]
    public void Restore_AnyBlockDamaged_IsPassedOver()
    {
        var bytes = File.ReadAllBytes(_path);
        foreach (var section in Table().Sections)
        {
            for (var block = 0; block < section.Checksums.Count; block++)
            {
                var place = section.Position + Math.Min(((long)block * CheckpointFormat.BlockBytes) + 1234, section.Length - 1);
                bytes[place] ^= 1;
                File.WriteAllBytes(_path, bytes);
                bytes[place] ^= 1;

                var restored = _store.Restore(NewState, new LogOffset(Entries), out var start);

                Assert.Equal((0, 0, 0, 0), (start.Value, restored.Items.Count, restored.Histories.UserCount, restored.Graph.Version));
            }
        }
    }

    [Fact]
    public void Restore_BlocksOfASectionInAnotherOrder_IsPassedOver()
    {
        var bytes = File.ReadAllBytes(_path);
        var position = (int)Table().Sections.Single(section => section.Name == "users").Position;
        var first = bytes.AsSpan(position, CheckpointFormat.BlockBytes);
        var second = bytes.AsSpan(position + CheckpointFormat.BlockBytes, CheckpointFormat.BlockBytes);
        var kept = first.ToArray();
        second.CopyTo(first);
        kept.CopyTo(second);
        File.WriteAllBytes(_path, bytes);

        _store.Restore(NewState, new LogOffset(Entries), out var start);

        Assert.Equal(0, start.Value);
    }

    [Fact]
    public void Restore_NoneUsableAndTheLogBeginsLater_SaysWhereItIsDamaged()
    {
        var bytes = File.ReadAllBytes(_path);
        var position = Table().Sections.Single(section => section.Name == "item graph").Position;
        bytes[position] ^= 1;
        File.WriteAllBytes(_path, bytes);

        var refusal = Assert.Throws<CheckpointRefusedException>(() => _store.Restore(NewState, new LogOffset(Entries), out _, new LogOffset(10)));

        Assert.Contains($"the checksum at byte {position} is wrong", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keep_CheckpointWhosePagesAreInUse_LeavesNothingOfUsersAndItemsInIt()
    {
        var restored = _store.Restore(NewState, new LogOffset(Entries), out _);
        using var file = DiskFileSystem.Instance.Open(_path, FileOpenMode.Read);
        var sections = Table().Sections;

        _store.Write(restored, () => new LogOffset(Entries + 1), CancellationToken.None);
        Assert.False(IsZero(sections.Single(section => section.Name == "users")));
        _store.Keep(1);

        Assert.False(File.Exists(_path));
        Assert.All(sections, section => Assert.Equal(section.Name != "item graph", IsZero(section)));
        AssertSame(_written, restored);

        bool IsZero(CheckpointSection section)
        {
            var bytes = new byte[section.Length];
            file.Read(section.Position, bytes);
            return !bytes.AsSpan().ContainsAnyExcept((byte)0);
        }
    }

    [Fact]
    public void Keep_CheckpointInUseThatWasDamagedSince_IsDeletedAllTheSame()
    {
        var restored = _store.Restore(NewState, new LogOffset(Entries), out _);
        using (var file = DiskFileSystem.Instance.Open(_path, FileOpenMode.Write)) file.Write(file.Length - 1, [(byte)1, 2]);
        _store.Write(restored, () => new LogOffset(Entries + 1), CancellationToken.None);

        _store.Keep(1);

        Assert.False(File.Exists(_path));
        AssertSame(_written, restored);
    }

    [Fact]
    public void Restore_PartThatReadsLessThanItWrote_IsPassedOver()
    {
        using (var file = DiskFileSystem.Instance.Open(Path.Combine(_folder.FullPath, "next"), FileOpenMode.Create))
            CheckpointWriter.Write(file, NewState() with { Parts = [new Longer()] }, () => new LogOffset(Entries), () => { });
        using var longer = DiskFileSystem.Instance.Open(Path.Combine(_folder.FullPath, "next"), FileOpenMode.Read);

        var refusal = Assert.Throws<CheckpointCorruptException>(() => CheckpointReader.Read(longer, NewState() with { Parts = [new RecordedPart("longer", 0)] }));

        Assert.Contains("longer than", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private CheckpointTable Table() => WrittenCheckpoint.TableOf(_path);

    private static string UserOf(int offset) => $"user-{Math.Pow(offset % Users, 2):F0}";

    private static AppliedState NewState()
    {
        var graph = new ItemGraph(new ItemGraphOptions());
        return new AppliedState(new ItemKeys(), new UserHistories(), new ItemCounters(TimeSpan.FromDays(7))) { Graph = graph, Parts = [new ItemGraphPart(graph)] };
    }

    private static void AssertSame(AppliedState expected, AppliedState actual)
    {
        Assert.Equal(expected.Items.Count, actual.Items.Count);
        Assert.Equal(expected.Histories.UserCount, actual.Histories.UserCount);
        Assert.Equal(expected.Graph.Version, actual.Graph.Version);
        var (wanted, found) = (new GraphConnections(expected.Graph.MaximumEdges), new GraphConnections(expected.Graph.MaximumEdges));
        for (var item = new ItemKey(0); item.Value < expected.Items.Count; item = new ItemKey(item.Value + 1))
        {
            Assert.Equal(expected.Items.IdOf(item), actual.Items.IdOf(item));
            Assert.True(actual.Items.TryGet(actual.Items.IdOf(item), out var key));
            Assert.Equal(item, key);
            Assert.Equal(expected.Counters.WeightOf(item, InteractionType.Click), actual.Counters.WeightOf(item, InteractionType.Click));
            Assert.Equal(expected.Graph.TryRead(item, wanted), actual.Graph.TryRead(item, found));
            Assert.Equal(wanted.Items, found.Items);
            Assert.Equal(wanted.Weights, found.Weights);
            Assert.Equal((wanted.Out, wanted.In), (found.Out, found.In));
        }

        var (events, same) = (new HistoryEvent[50], new HistoryEvent[50]);
        for (var user = 0; user < Users; user++)
        {
            Assert.True(expected.Histories.TryRead(UserOf(user), events, out var count, out var version));
            Assert.True(actual.Histories.TryRead(UserOf(user), same, out var countNow, out var versionNow));
            Assert.Equal((count, version), (countNow, versionNow));
            Assert.Equal(events[..count], same[..count]);
        }
    }

    private sealed class Longer : IAppliedPart
    {
        public string Name => "longer";

        public int ContextLength => 0;

        public long SizeBytes => 0;

        public void Apply(AppliedBatch batch) => throw new NotSupportedException();

        public void Apply(LogRecord record, LogOffset offset) => throw new NotSupportedException();

        public void Write(CheckpointOutput output, Action beforeEach)
        {
            output.Write(1L);
            output.Write((byte)1);
        }

        public void Read(CheckpointInput input) => throw new NotSupportedException();
    }
}
