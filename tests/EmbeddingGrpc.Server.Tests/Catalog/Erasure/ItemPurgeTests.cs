using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Tests.Grpc;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using AttributeValue = EmbeddingGrpc.Protocol.V1.AttributeValue;

namespace EmbeddingGrpc.Server.Tests.Catalog.Erasure;

public sealed class ItemPurgeTests : IDisposable
{
    private const string Item = "camp0-1";
    private const string Secret = "secret-title-5b1c";
    private const string Older = "older-title-93ab";

    private static readonly string[] Stores = ["catalogue", "index", "memory_cache", "redis", "item_graph", "generations", "event_log", "checkpoints"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DeleteItem_Purge_TakesTheAttributesOutOfEveryByteOfTheDataDirectory()
    {
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath))
        {
            await UpsertAsync(daemon, Item, Older);
            await daemon.Model.Events.Checkpoints.WriteAsync(onlyThis: false, Cancellation);
            await UpsertAsync(daemon, Item, Secret);
            await UpsertAsync(daemon, "camp0-2", "stays");
            await daemon.Model.Events.Checkpoints.WriteAsync(onlyThis: false, Cancellation);
            Assert.Equal((2, 2), (FilesWith(Older), FilesWith(Secret)));

            var receipt = await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = Item, Purge = true }, cancellationToken: Cancellation);

            Assert.Equal((0, 0), (FilesWith(Older), FilesWith(Secret)));
            Assert.Equal(Stores, receipt.Stores.Select(store => store.Name));
            Assert.Equal(["redis", "item_graph", "generations"], receipt.Stores.Where(store => store.FreeTime is null).Select(store => store.Name));
            Assert.StartsWith("2 records", receipt.Stores.Single(store => store.Name == "event_log").Description, StringComparison.Ordinal);
            await AssertDeletedAsync(daemon);
        }

        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            daemon.Model.ServeStoredGeneration(Cancellation);
            await AssertDeletedAsync(daemon);
            var kept = await daemon.Catalog.GetItemAsync(new GetItemRequest { ItemId = "camp0-2" }, cancellationToken: Cancellation);
            Assert.Equal("stays", kept.Item.Attributes["title"].Text);
        }

        // Also where the checkpoint is lost and the log alone says what there is.
        Directory.Delete(Path.Combine(_folder.FullPath, "models", "default", "checkpoints"), recursive: true);
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            daemon.Model.ServeStoredGeneration(Cancellation);
            await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancellation);
            await AssertDeletedAsync(daemon);
        }
    }

    [Fact]
    public async Task DeleteItem_WithoutPurge_SaysWhereTheAttributesStillLie()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath);
        await UpsertAsync(daemon, Item, Secret);

        var receipt = await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = Item }, cancellationToken: Cancellation);

        Assert.Equal(Stores, receipt.Stores.Select(store => store.Name));
        Assert.Equal(["redis", "item_graph", "generations", "event_log", "checkpoints"], receipt.Stores.Where(store => store.FreeTime is null).Select(store => store.Name));
        Assert.Equal(1, FilesWith(Secret));
        await AssertDeletedAsync(daemon);

        // The files can be asked for later, and again.
        await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = Item, Purge = true }, cancellationToken: Cancellation);
        var again = await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = Item, Purge = true }, cancellationToken: Cancellation);
        Assert.Equal(0, FilesWith(Secret));
        Assert.StartsWith("0 records", again.Stores.Single(store => store.Name == "event_log").Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeleteItems_Purge_ItemUpsertedSince_KeepsWhatItHas()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath);
        await UpsertAsync(daemon, Item, Secret);
        await daemon.Catalog.DeleteItemsAsync(new DeleteItemsRequest { ItemIds = { Item } }, cancellationToken: Cancellation);
        await UpsertAsync(daemon, Item, "anew");

        var receipt = await daemon.Catalog.DeleteItemsAsync(new DeleteItemsRequest { ItemIds = { "camp0-3", Item }, Purge = true }, cancellationToken: Cancellation);
        await UpsertAsync(daemon, Item, "once more");

        Assert.Equal(Stores, receipt.Stores.Select(store => store.Name));
        Assert.Equal((0, 0, 1), (FilesWith(Secret), FilesWith("anew"), FilesWith("once more")));
        Assert.Equal("once more", (await daemon.Catalog.GetItemAsync(new GetItemRequest { ItemId = Item }, cancellationToken: Cancellation)).Item.Attributes["title"].Text);
    }

    [Fact]
    public async Task Start_AfterACrashInTheMiddleOfAPurge_FinishesIt()
    {
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath))
        {
            await UpsertAsync(daemon, Item, Older);
            await UpsertAsync(daemon, "camp0-2", Older);
            await daemon.Model.Events.Checkpoints.WriteAsync(onlyThis: false, Cancellation);
        }

        // What a crash leaves behind: the deletion in the log, its note, and one of the items upserted again.
        await using (var log = OpenLog())
        {
            var deleted = await log.AppendAsync(new AppendBatch([]) { Records = [new ItemDeleted(Item), new ItemDeleted("camp0-2"), new ItemDeleted("never-there")] }, Cancellation);
            new PurgeJournal(Purges, new DurableFiles()).Begin(new HashSet<string> { Item, "camp0-2", "never-there" }, deleted.DurableOffset);
            var anew = new Dictionary<string, Server.Catalog.AttributeValue> { ["title"] = Server.Catalog.AttributeValue.Of("anew") };
            await log.AppendAsync(new AppendBatch([]) { Records = [new ItemUpserted("camp0-2", AttributeCodec.Encode(anew))] }, Cancellation);
        }

        Assert.Equal(2, FilesWith(Older));
        for (var start = 0; start < 2; start++)
        {
            await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false);
            daemon.Model.ServeStoredGeneration(Cancellation);
            await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancellation);
            Assert.Equal(0, FilesWith(Older));
            Assert.Empty(Directory.EnumerateFileSystemEntries(Purges));
            await AssertDeletedAsync(daemon);
            Assert.True(daemon.Model.Catalog.IsDeleted("never-there"));
            Assert.Equal("anew", (await daemon.Catalog.GetItemAsync(new GetItemRequest { ItemId = "camp0-2" }, cancellationToken: Cancellation)).Item.Attributes["title"].Text);
        }
    }

    [Theory]
    [InlineData("embeddinggrpc purge 2\n", "has format 2; this daemon reads up to 1")]
    [InlineData("sku-1\n", "is not the note of a purge")]
    public async Task Open_ANoteThatCannotBeRead_SaysWhichFileAndWhatToDo(string content, string reason)
    {
        Directory.CreateDirectory(Purges);
        var note = Path.Combine(Purges, "00000000000000000012");
        await File.WriteAllTextAsync(note, content, Cancellation);

        var error = Assert.ThrowsAny<IOException>(() => new PurgeJournal(Purges, new DurableFiles()));

        Assert.Contains(note, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Purges => Path.Combine(_folder.FullPath, "models", "default", "purges");

    private InteractionLog OpenLog() =>
        InteractionLog.Open(Path.Combine(_folder.FullPath, "models", "default", "log"), new EventLogOptions(), TimeProvider.System, NullLogger.Instance);

    private static async Task UpsertAsync(RecallDaemon daemon, string item, string title) => await daemon.Catalog.UpsertItemsAsync(
        new UpsertItemsRequest { Items = { new Item { ItemId = item, Attributes = { ["title"] = new AttributeValue { Text = title } } } } }, cancellationToken: Cancellation);

    private static async Task AssertDeletedAsync(RecallDaemon daemon)
    {
        Assert.True(daemon.Model.Catalog.IsDeleted(Item));
        Assert.DoesNotContain(daemon.Model.Catalog.List(null), item => item.ItemId == Item);
        var answer = await daemon.RecallAsync(new RecallRequest { K = 50, Item = new ItemQuery { ItemId = "camp0-2" } });
        Assert.NotEmpty(answer.Candidates);
        Assert.DoesNotContain(answer.Candidates, candidate => candidate.ItemId == Item);
    }

    private int FilesWith(string text) => DirectoryScan.FilesWith(_folder.FullPath, text).Count;
}
