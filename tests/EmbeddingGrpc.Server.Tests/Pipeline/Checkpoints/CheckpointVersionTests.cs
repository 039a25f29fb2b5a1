using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Tests.Catalog;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

/// <summary>Checkpoints of other versions: the three before are read, older ones are made anew, newer ones refused, and a damaged number is none of that.</summary>
public sealed class CheckpointVersionTests : IDisposable
{
    private const int Entries = 400;
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    [InlineData(4, 0)]
    [InlineData(4, 2)]
    [InlineData(5, 0)]
    [InlineData(5, 2)]
    public void Restore_EarlierVersion_IsReadWhole(uint version, int parts)
    {
        var (store, written) = Write(parts);
        WriteAs(version, written);

        var restored = store.Restore(() => NewState(parts), new LogOffset(Entries), out var start);

        Assert.Equal(Entries, start.Value);
        Assert.Equal(TextOf(written), TextOf(restored));
    }

    [Fact]
    public void Restore_Version3DamagedAnywhere_IsPassedOver()
    {
        var (store, written) = Write(parts: 1);
        WriteAs(3, written);
        var path = PathOfOnly();
        var bytes = File.ReadAllBytes(path);
        for (var place = 0; place < bytes.Length; place += place < 64 ? 1 : Math.Max(1, bytes.Length / 100))
        {
            bytes[place] ^= 0x40;
            File.WriteAllBytes(path, bytes);
            bytes[place] ^= 0x40;

            var restored = store.Restore(() => NewState(1), new LogOffset(Entries), out var start);

            Assert.Equal((0, 0, 0), (start.Value, restored.Items.Count, restored.Histories.UserCount));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(19)]
    [InlineData(25)]
    [InlineData(1000)]
    public void Restore_Version3CutOff_IsPassedOver(int length)
    {
        var (store, written) = Write(parts: 1);
        WriteAs(3, written);
        using (var file = File.OpenWrite(PathOfOnly())) file.SetLength(length);

        store.Restore(() => NewState(1), new LogOffset(Entries), out var start);

        Assert.Equal(0, start.Value);
    }

    [Theory]
    [InlineData(0, "or delete it")]
    [InlineData(10, "restore a backup")]
    public void Restore_NewerVersion_IsRefusedByNumber(int first, string wayOut)
    {
        var (store, bytes) = WriteAs(CheckpointFormat.Version + 1);

        var refusal = Assert.Throws<CheckpointRefusedException>(() => store.Restore(() => NewState(0), new LogOffset(Entries), out _, new LogOffset(first)));

        Assert.Contains(PathOfOnly(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"version {CheckpointFormat.Version + 1}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(wayOut, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(PathOfOnly()));
    }

    [Fact]
    public void Restore_VersionTooOld_IsMadeAnewFromTheLogOrRefusedWhereTheLogCannot()
    {
        var (store, bytes) = WriteAs(2);

        store.Restore(() => NewState(0), new LogOffset(Entries), out var start);
        Assert.Equal(0, start.Value);

        var refusal = Assert.Throws<CheckpointRefusedException>(() => store.Restore(() => NewState(0), new LogOffset(Entries), out _, new LogOffset(10)));
        Assert.Contains($"version 2, known is {CheckpointFormat.Version}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(PathOfOnly()));
    }

    [Theory]
    [InlineData(6, 0x40)]
    [InlineData(5, 0x40)]
    [InlineData(4, 0x40)]
    // Each becomes another, or one that was before all of them.
    [InlineData(6, 6 ^ 5)]
    [InlineData(6, 6 ^ 4)]
    [InlineData(6, 6 ^ 3)]
    [InlineData(5, 5 ^ 6)]
    [InlineData(5, 5 ^ 4)]
    [InlineData(4, 4 ^ 6)]
    [InlineData(4, 4 ^ 5)]
    [InlineData(4, 4 ^ 3)]
    [InlineData(3, 0x40)]
    [InlineData(3, 3 ^ 6)]
    [InlineData(3, 3 ^ 4)]
    [InlineData(3, 3 ^ 2)]
    public void Restore_NumberOfTheVersionDamaged_IsPassedOverAsDamaged(uint version, byte damage)
    {
        var (store, written) = Write(parts: 1);
        var path = PathOfOnly();
        WriteAs(version, written);
        var bytes = File.ReadAllBytes(path);
        bytes[8] ^= damage;
        File.WriteAllBytes(path, bytes);

        store.Restore(() => NewState(1), new LogOffset(Entries), out var start);

        Assert.Equal(0, start.Value);
    }

    public void Dispose() => _folder.Dispose();

    private (CheckpointStore Store, AppliedState Written) Write(int parts)
    {
        var store = new CheckpointStore(_folder.FullPath, DiskFileSystem.Instance, NullLogger.Instance);
        var state = NewState(parts);
        for (var offset = 0; offset < Entries; offset++)
        {
            var interaction = new HistoryEvent(state.Items.GetOrAdd($"i{offset % 70}"), InteractionType.Click, 1_700_000_000_000 + offset, 1f);
            state.Histories.Apply($"u{offset % 30}", interaction, new LogOffset(offset));
            state.Counters.Apply(interaction, new LogOffset(offset));
        }

        state.Catalog.Apply(ItemCatalogTests.Record("i3", new Dictionary<string, AttributeValue> { ["price"] = AttributeValue.Of(1.5) }), new LogOffset(Entries - 2));
        state.Catalog.Apply(new ItemDeleted("i4"), new LogOffset(Entries - 1));
        for (var part = 0; part < parts; part++) state.Parts[part].Apply(new ItemDeleted("i4"), new LogOffset(100 + part));
        store.Write(state, () => new LogOffset(Entries), CancellationToken.None);
        return (store, state);
    }

    /// <summary>A checkpoint as another version would have written it, with a checksum of its own.</summary>
    private (CheckpointStore Store, byte[] Bytes) WriteAs(uint version)
    {
        var (store, _) = Write(parts: 0);
        WrittenCheckpoint.Renumber(PathOfOnly(), version);
        return (store, File.ReadAllBytes(PathOfOnly()));
    }

    /// <summary>Writes the checkpoint that there is as a version that is read would have.</summary>
    private void WriteAs(uint version, AppliedState written)
    {
        if (version == 3) Version3.Replace(PathOfOnly(), written.Histories);
        else if (version != CheckpointFormat.Version) OlderVersion.Replace(PathOfOnly(), version, written.Histories);
    }

    private string PathOfOnly() => Directory.GetFiles(_folder.FullPath, "*.checkpoint").Single();

    private static AppliedState NewState(int parts)
    {
        var items = new ItemKeys();
        return new AppliedState(items, new UserHistories(6), new ItemCounters(TimeSpan.FromDays(7)))
        {
            Catalog = new ItemCatalog(items, TimeProvider.System),
            Parts = [.. Enumerable.Range(0, parts).Select(number => new RecordedPart($"part {number}", 0))],
        };
    }

    private static string TextOf(AppliedState state)
    {
        var events = new HistoryEvent[6];
        var users = Enumerable.Range(0, 30).Select(user =>
            state.Histories.TryRead($"u{user}", events, out var count, out var version) ? $"u{user} {version} {string.Join(' ', events.Take(count))}" : $"u{user} -");
        var items = Enumerable.Range(0, state.Items.Count).Select(item => new ItemKey(item)).Select(item =>
            $"{state.Items.IdOf(item)} {state.Counters.WeightOf(item, InteractionType.Click)} {state.Catalog.IsDeleted(state.Items.IdOf(item))}");
        var catalogue = state.Catalog.List(null).Select(item => $"{item.ItemId} {string.Join(' ', item.Attributes)}");
        return string.Join('\n', [.. users, .. items, .. catalogue, .. state.Parts.Cast<RecordedPart>().Select(part => $"{part.Name} {part.Last}")]);
    }
}
