using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class CatalogGrpcServiceTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TestDaemon _daemon = null!;
    private CatalogService.CatalogServiceClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelRuntime Model => _daemon.Services.GetRequiredService<ModelRegistry>().Get("");

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task GetItem_WhatWasUpserted_IsWhatIsToldAlsoAfterARestart()
    {
        var item = new Item
        {
            ItemId = "film-1",
            Attributes =
            {
                ["title"] = new AttributeValue { Text = "Heat" },
                ["genres"] = new AttributeValue { TextSet = new TextSet { Values = { "Crime", "Action", "Crime" } } },
                ["minutes"] = new AttributeValue { Number = 170.5 },
                ["colour"] = new AttributeValue { Boolean = false },
                ["released"] = new AttributeValue { Timestamp = Timestamp.FromDateTimeOffset(new DateTimeOffset(1995, 12, 15, 1, 2, 3, 456, TimeSpan.Zero)) },
            },
        };
        await UpsertAsync(item);
        item.Attributes["genres"] = new AttributeValue { TextSet = new TextSet { Values = { "Action", "Crime" } } };

        Assert.Equal(item, await GetAsync("film-1"));
        await RestartAsync();
        Assert.Equal(item, await GetAsync("film-1"));
        Assert.Equal(
            [("colour", AttributeType.Boolean), ("genres", AttributeType.TextSet), ("minutes", AttributeType.Number), ("released", AttributeType.Timestamp), ("title", AttributeType.Text)],
            (await _client.ListAttributesAsync(new ListAttributesRequest(), cancellationToken: Cancellation)).Attributes.Select(one => (one.Name, one.Type)));
    }

    [Fact]
    public async Task UpsertItems_Again_ReplacesAllAttributes()
    {
        await UpsertAsync(Priced("a", 1), Priced("b", 2));
        await UpsertAsync(new Item { ItemId = "a", Attributes = { ["sale"] = new AttributeValue { Boolean = true } } });

        Assert.Equal("sale", Assert.Single((await GetAsync("a")).Attributes).Key);
        Assert.Equal(
            [("price", 1ul), ("sale", 1ul)],
            (await _client.ListAttributesAsync(new ListAttributesRequest(), cancellationToken: Cancellation)).Attributes.Select(one => (one.Name, one.ItemCount)));
    }

    [Fact]
    public async Task UpsertItems_OtherTypeThanAtFirstUse_ChangesNothingAlsoAfterARestart()
    {
        await UpsertAsync(Priced("a", 1));
        await RestartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(() => UpsertAsync(
            Priced("b", 2), new Item { ItemId = "a", Attributes = { ["price"] = new AttributeValue { Text = "cheap" } } }));

        var violation = Assert.Single(Violations(error));
        Assert.Equal(("items[1].attributes[price]", "is a text; 'price' is a number since its first use, for every item"), (violation.Field, violation.Description));
        Assert.Equal(1, (await GetAsync("a")).Attributes["price"].Number);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => GetAsync("b"))).StatusCode);
    }

    [Fact]
    public async Task UpsertItems_BadValues_AreNamedEach()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => UpsertAsync(
            new Item { ItemId = "a", Attributes = { ["nothing"] = new AttributeValue() } },
            new Item { ItemId = "b", Attributes = { ["when"] = new AttributeValue { Timestamp = new Timestamp { Seconds = long.MaxValue } } } },
            new Item { ItemId = "c", Attributes = { ["nanos"] = new AttributeValue { Timestamp = new Timestamp { Nanos = -1 } } } }));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["items[0].attributes[nothing]", "items[1].attributes[when]", "items[2].attributes[nanos]"], Violations(error).Select(violation => violation.Field));
        Assert.Equal(0, Model.Log.DurableOffset.Value);
    }

    [Fact]
    public async Task UpsertItems_AttributesThatAreTooLargeTogether_AreRefused()
    {
        var item = new Item { ItemId = "a" };
        for (var i = 0; i < 20; i++) item.Attributes.Add($"text{i}", new AttributeValue { Text = new string('x', 4000) });

        Assert.Equal("items[0].attributes", Assert.Single(Violations(await Assert.ThrowsAsync<RpcException>(() => UpsertAsync(item)))).Field);
    }

    [Fact]
    public async Task DeleteItem_KnownOrNot_IsGoneUntilItIsUpserted()
    {
        await UpsertAsync(Priced("a", 1));
        await Model.Log.AppendAsync(new AppendBatch([new EventLog.Interaction("u", "clicked", EventLog.InteractionType.Click, 1_700_000_000_000)]), Cancellation);
        await Model.Applier.WaitForAppliedAsync(Model.Log.DurableOffset, Cancellation);

        await _client.DeleteItemAsync(new DeleteItemRequest { ItemId = "a" }, cancellationToken: Cancellation);
        var response = await _client.DeleteItemsAsync(new DeleteItemsRequest { ItemIds = { "a", "clicked", "tpyo", "tpyo" } }, cancellationToken: Cancellation);

        Assert.Equal(["tpyo"], response.UnknownItemIds);
        await AssertDeletedAsync();
        await RestartAsync();
        await AssertDeletedAsync();
        await UpsertAsync(Priced("a", 3));
        Assert.Equal(3, (await GetAsync("a")).Attributes["price"].Number);

        async Task AssertDeletedAsync()
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => GetAsync("a"));
            Assert.Equal((StatusCode.NotFound, "Item 'a' was deleted from model 'default'."), (error.StatusCode, error.Status.Detail));
            Assert.Equal("a", error.GetRpcStatus()!.GetDetail<ResourceInfo>().ResourceName);
            var list = await _client.ListItemsAsync(new ListItemsRequest(), cancellationToken: Cancellation);
            Assert.Equal((0, 0ul, 3ul), (list.Items.Count, list.ItemCount, list.DeletedCount));
        }
    }

    [Fact]
    public async Task ListItems_PageByPage_TellsEachItemOnce()
    {
        await UpsertAsync([.. Enumerable.Range(0, 25).Select(n => Priced($"i{n}", n))]);
        await _client.DeleteItemAsync(new DeleteItemRequest { ItemId = "i4" }, cancellationToken: Cancellation);

        var pages = new List<string>();
        var token = "";
        do
        {
            var page = await _client.ListItemsAsync(new ListItemsRequest { PageSize = 8, PageToken = token }, cancellationToken: Cancellation);
            pages.Add(string.Join(' ', page.Items.Select(item => item.ItemId)));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal(["i0 i1 i2 i3 i5 i6 i7 i8", "i9 i10 i11 i12 i13 i14 i15 i16", "i17 i18 i19 i20 i21 i22 i23 i24"], pages);
    }

    [Theory]
    [InlineData(1001, "", "page_size")]
    [InlineData(5, "no such token", "page_token")]
    public async Task ListItems_WrongPage_SaysWhich(uint size, string token, string field)
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.ListItemsAsync(new ListItemsRequest { PageSize = size, PageToken = token }, cancellationToken: Cancellation));
        Assert.Equal(field, Assert.Single(Violations(error)).Field);
    }

    [Fact]
    public async Task EveryCall_UnknownModel_SaysSo()
    {
        Func<Task>[] calls =
        [
            async () => await _client.UpsertItemsAsync(new UpsertItemsRequest { Model = "nope", Items = { Priced("a", 1) } }, cancellationToken: Cancellation),
            async () => await _client.GetItemAsync(new GetItemRequest { Model = "nope", ItemId = "a" }, cancellationToken: Cancellation),
            async () => await _client.ListItemsAsync(new ListItemsRequest { Model = "nope" }, cancellationToken: Cancellation),
            async () => await _client.DeleteItemAsync(new DeleteItemRequest { Model = "nope", ItemId = "a" }, cancellationToken: Cancellation),
            async () => await _client.DeleteItemsAsync(new DeleteItemsRequest { Model = "nope", ItemIds = { "a" } }, cancellationToken: Cancellation),
            async () => await _client.ListAttributesAsync(new ListAttributesRequest { Model = "nope" }, cancellationToken: Cancellation),
        ];
        foreach (var call in calls) Assert.Equal("nope", (await Assert.ThrowsAsync<RpcException>(call)).GetRpcStatus()!.GetDetail<ResourceInfo>().ResourceName);
    }

    [Fact]
    public async Task Start_FromACheckpoint_NeedsNoRecordFromBeforeIt()
    {
        await UpsertAsync(Priced("a", 1), Priced("b", 2));
        await _client.DeleteItemAsync(new DeleteItemRequest { ItemId = "b" }, cancellationToken: Cancellation);
        await Model.Events.Checkpoints.WriteAsync(onlyThis: true, Cancellation);
        await UpsertAsync(Priced("c", 3));
        Assert.Equal(3, Model.Events.Checkpoints.SafeOffset.Value);

        await RestartAsync();

        Assert.Equal(1, (await GetAsync("a")).Attributes["price"].Number);
        Assert.Equal(3, (await GetAsync("c")).Attributes["price"].Number);
        Assert.True(Model.Catalog.IsDeleted("b"));
    }

    private static Item Priced(string id, double price) => new() { ItemId = id, Attributes = { ["price"] = new AttributeValue { Number = price } } };

    private static RepeatedField<BadRequest.Types.FieldViolation> Violations(RpcException error) => error.GetRpcStatus()!.GetDetail<BadRequest>().FieldViolations;

    private async Task UpsertAsync(params Item[] items) => await _client.UpsertItemsAsync(new UpsertItemsRequest { Items = { items } }, cancellationToken: Cancellation);

    private async Task<Item> GetAsync(string id) => (await _client.GetItemAsync(new GetItemRequest { ItemId = id }, cancellationToken: Cancellation)).Item;

    private async Task RestartAsync()
    {
        await _daemon.DisposeAsync();
        await StartAsync();
        await Model.Applier.WaitForAppliedAsync(Model.Log.DurableOffset, Cancellation);
    }

    private async Task StartAsync()
    {
        _daemon = await TestDaemon.StartAsync(_folder.FullPath);
        _client = new CatalogService.CatalogServiceClient(_daemon.Channel);
    }
}
