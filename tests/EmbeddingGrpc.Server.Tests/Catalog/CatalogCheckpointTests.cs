using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Tests.Hosting;

namespace EmbeddingGrpc.Server.Tests.Catalog;

public sealed class CatalogCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Read_CheckpointThatCaughtItemsAtDifferentMoments_IsMadeWholeByReplay() =>
        Gen.Select(Gen.Select(Gen.Int[0, 40], Gen.Int[0, 3], AttributeSamples.Attributes).Array[1, 150], Gen.Int[0, 100], Gen.Int[1, 10]).Sample(
            (records, startDraw, every) =>
            {
                var start = startDraw % records.Length;
                var state = NewState();
                var applied = 0;
                for (; applied < start; applied++) Apply(state, records, applied);
                var path = Path.Combine(_folder.FullPath, "fuzzy");
                File.Delete(path);
                using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Create))
                {
                    // The applier goes on while the file is written: here after every few items that the writer reads.
                    var looks = 0;
                    CheckpointWriter.Write(file, state, () => new LogOffset(applied), () =>
                    {
                        if (++looks % every == 0 && applied < records.Length) Apply(state, records, applied++);
                    });
                }

                var restored = NewState();
                using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read))
                {
                    Assert.Equal(start, CheckpointReader.ReadBounds(file).Start.Value);
                    CheckpointReader.Read(file, restored);
                }

                for (var offset = start; offset < records.Length; offset++) Apply(restored, records, offset);
                for (; applied < records.Length; applied++) Apply(state, records, applied);
                Assert.Equal(Describe(state.Catalog), Describe(restored.Catalog));
            },
            iter: 200,
            threads: 1);

    [Fact]
    public void Read_ItemsThatCameWhileItWasWritten_HaveTheKeysOfTheLog()
    {
        var attributes = new Dictionary<string, AttributeValue> { ["price"] = AttributeValue.Of(1) };
        var state = NewState();
        Upsert(state, "first", 0);
        var path = Path.Combine(_folder.FullPath, "later");
        using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Create))
        {
            // After the first item is written: one that nobody upserts, then one that somebody does.
            CheckpointWriter.Write(file, state, () => new LogOffset(1), () =>
            {
                if (state.Items.Count > 1) return;
                state.Items.GetOrAdd("clicked");
                Upsert(state, "second", 2);
            });
        }

        var restored = NewState();
        using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read)) CheckpointReader.Read(file, restored);
        restored.Items.GetOrAdd("clicked");
        Upsert(restored, "second", 2);

        Assert.Equal(["first", "clicked", "second"], Enumerable.Range(0, 3).Select(key => restored.Items.IdOf(new ItemKey(key))));
        Assert.Equal(["first", "second"], restored.Catalog.List(null).Select(item => item.ItemId));

        void Upsert(AppliedState upserted, string item, int offset) => upserted.Catalog.Apply(ItemCatalogTests.Record(item, attributes), new LogOffset(offset));
    }

    [Fact]
    public void Read_TypeWithoutItems_IsStillFixed()
    {
        var state = NewState();
        state.Catalog.Apply(ItemCatalogTests.Record("a", new Dictionary<string, AttributeValue> { ["price"] = AttributeValue.Of(1) }), new LogOffset(0));
        state.Catalog.Apply(new ItemDeleted("a"), new LogOffset(1));
        var path = Path.Combine(_folder.FullPath, "types");
        using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Create)) CheckpointWriter.Write(file, state, () => new LogOffset(2), () => { });

        var restored = NewState();
        using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read)) CheckpointReader.Read(file, restored);

        Assert.Equal(AttributeType.Number, restored.Catalog.Schema.Types["price"]);
        Assert.True(restored.Catalog.IsDeleted("a"));
    }

    public void Dispose() => _folder.Dispose();

    private static AppliedState NewState() => new(new ItemKeys(), new UserHistories(6), new ItemCounters(TimeSpan.FromDays(7)));

    private static void Apply(AppliedState state, (int Item, int Kind, IReadOnlyDictionary<string, AttributeValue> Attributes)[] records, int offset)
    {
        var (item, kind, attributes) = records[offset];
        state.Catalog.Apply(ItemCatalogTests.Record($"i{item}", kind == 0 ? null : attributes), new LogOffset(offset));
    }

    private static string Describe(ItemCatalog catalog)
    {
        var items = Enumerable.Range(0, 41).Select(item => catalog.TryGet($"i{item}", out var found)
            ? $"i{item}: {string.Join(", ", found.Attributes)}"
            : $"i{item}: {(catalog.IsDeleted($"i{item}") ? "deleted" : "-")}");
        var attributes = catalog.Schema.Types.OrderBy(type => type.Key, StringComparer.Ordinal).Select(type => $"{type.Key} {type.Value} {catalog.CountOf(type.Key)}");
        return string.Join('\n', [$"{catalog.Count} {catalog.Deleted.Count}", .. attributes, .. items]);
    }
}
