using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;
using Interaction = EmbeddingGrpc.EventLog.Interaction;
using InteractionType = EmbeddingGrpc.EventLog.InteractionType;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>What the catalogue does to recall, through a real daemon.</summary>
public sealed class CatalogRecallTests : IDisposable
{
    private const string Gone = "camp0-3";
    private static readonly string[] Cheapest = ["camp0-0", "camp0-1", "camp0-2"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static RecallRequest[] Queries =>
    [
        new() { Item = new ItemQuery { ItemId = "camp0-1" }, K = 39 },
        // Of the other camp: the item is not one of those that make the query.
        new() { User = new UserQuery { UserId = "user-1" }, K = 40 },
        new() { User = new UserQuery { UserId = "nobody" }, K = 40 },
        new() { Session = new SessionQuery { Items = { new SessionItem { ItemId = "camp0-1" }, new SessionItem { ItemId = Gone } } }, IncludeQueryItems = true, K = 40 },
        new() { Item = new ItemQuery { ItemId = "camp0-1" }, K = 38, ExcludeItemIds = { "camp0-2" } },
    ];

    [Fact]
    public async Task DeleteItem_AnswersThatAreCached_LackItAtOnceAndForGood()
    {
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath))
        {
            foreach (var query in Queries) Assert.Contains(Gone, await ItemsAsync(daemon, query));
            foreach (var query in Queries) Assert.Equal(AnswerSource.Memory, (await daemon.RecallAsync(query)).Source);

            await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = Gone }, cancellationToken: Cancellation);

            await AssertGoneAsync(daemon);
            // What users do with it does not bring it back, and neither does a training.
            await daemon.AppendAsync([.. Enumerable.Range(0, 50).Select(n => new Interaction($"user-{n % 10}", Gone, InteractionType.Purchase, 1_700_000_100_000 + n))]);
            await daemon.Model.Training.Start().Completion.WaitAsync(Cancellation);
            await AssertGoneAsync(daemon);
        }

        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            await ServingAsync(daemon);
            await AssertGoneAsync(daemon);
            var error = await Assert.ThrowsAsync<RpcException>(() => daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = Gone } }));
            Assert.Equal((StatusCode.NotFound, $"Item '{Gone}' was deleted."), (error.StatusCode, error.Status.Detail));
            var vectors = await daemon.Client.GetEmbeddingsAsync(new GetEmbeddingsRequest { ItemIds = { Gone, "camp0-1" } }, cancellationToken: Cancellation);
            Assert.Equal([Gone], vectors.UnknownItemIds);

            await daemon.Catalog.UpsertItemsAsync(new UpsertItemsRequest { Items = { new Item { ItemId = Gone } } }, cancellationToken: Cancellation);
            // Answers that are cached have it again within a second; this one is not.
            Assert.Contains(Gone, await ItemsAsync(daemon, new RecallRequest { Item = new ItemQuery { ItemId = "camp0-5" }, K = 39 }));
        }
    }

    [Fact]
    public async Task Recall_Filter_AnswersWhatFitsNowWhateverIsCached()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath);
        await PriceAsync(daemon, item => item);
        var cheap = new Filter { Number = new NumberCondition { Attribute = "price", LessThan = 3 } };
        foreach (var query in Queries)
        {
            var filtered = new RecallRequest(query) { Filter = cheap };
            var before = await ItemsAsync(daemon, filtered);
            Assert.NotEmpty(before);
            Assert.All(before, item => Assert.Contains(item, Cheapest));
            var again = await daemon.RecallAsync(filtered);
            Assert.Equal(AnswerSource.Memory, again.Source);
            Assert.Equal(before, again.Candidates.Select(candidate => candidate.ItemId));
            // The same question in other words.
            var both = new RecallRequest(query) { Filter = new Filter { AllOf = new FilterList { Filters = { cheap, cheap } } } };
            Assert.Equal(AnswerSource.Memory, (await daemon.RecallAsync(both)).Source);
        }

        // The attributes change: the same question has another answer at once.
        await PriceAsync(daemon, item => 19 - item);

        var answer = await daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" }, Filter = cheap });
        Assert.Equal(AnswerSource.Search, answer.Source);
        Assert.Equal(["camp0-17", "camp0-18", "camp0-19"], answer.Candidates.Select(candidate => candidate.ItemId).Order(StringComparer.Ordinal));

        // What comes back from a deletion fits again with the call that brings it back.
        await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = "camp0-18" }, cancellationToken: Cancellation);
        Assert.DoesNotContain("camp0-18", await ItemsAsync(daemon, new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" }, Filter = cheap }));
        await daemon.Catalog.UpsertItemsAsync(new UpsertItemsRequest { Items = { new Item { ItemId = "camp0-18", Attributes = { ["price"] = new AttributeValue { Number = 1 } } } } }, cancellationToken: Cancellation);
        Assert.Contains("camp0-18", await ItemsAsync(daemon, new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" }, Filter = cheap }));
    }

    [Fact]
    public async Task Recall_FilterThatDoesNotFit_SaysWhereAndWhy()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath);
        await PriceAsync(daemon, item => item);
        var wrongType = new Filter { AllOf = new FilterList { Filters = { new Filter { Not = new Filter { Text = new TextCondition { Attribute = "price", AnyOf = { "1" } } } } } } };
        var misspelt = new Filter { Has = new HasCondition { Attribute = "prize" } };
        var empty = new Filter();

        Assert.Equal("filter.all_of.filters[0].not.text.attribute: 'price' is a number; use a number condition", await RefusalAsync(daemon, wrongType));
        Assert.Equal("filter.has.attribute: no item ever had 'prize'; known are price", await RefusalAsync(daemon, misspelt));
        Assert.StartsWith("filter: has no condition", await RefusalAsync(daemon, empty), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BatchRecall_OneWrongFilter_FailsAlone()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath);
        var query = new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" } };
        var batch = new BatchRecallRequest { Requests = { query, new RecallRequest(query) { Filter = new Filter { Has = new HasCondition { Attribute = "price" } } } } };

        var results = (await daemon.Client.BatchRecallAsync(batch, cancellationToken: Cancellation)).Results;

        Assert.NotNull(results[0].Response);
        Assert.Equal((int)Code.InvalidArgument, results[1].Error.Code);
        Assert.Contains("filter.has.attribute", results[1].Error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task PriceAsync(RecallDaemon daemon, Func<int, double> priceOf)
    {
        var items = Enumerable.Range(0, RecallDaemon.ItemsOfCamp).Select(item => new Item { ItemId = $"camp0-{item}", Attributes = { ["price"] = new AttributeValue { Number = priceOf(item) } } });
        await daemon.Catalog.UpsertItemsAsync(new UpsertItemsRequest { Items = { items } }, cancellationToken: Cancellation);
    }

    private static async Task AssertGoneAsync(RecallDaemon daemon)
    {
        foreach (var query in Queries)
        {
            var items = await ItemsAsync(daemon, query);
            Assert.NotEmpty(items);
            Assert.DoesNotContain(Gone, items);
        }
    }

    private static async Task ServingAsync(RecallDaemon daemon)
    {
        var serving = new TaskCompletionSource();
        daemon.Model.Generations.Published += _ => serving.TrySetResult();
        if (daemon.Model.Generations.Serving is null) await serving.Task.WaitAsync(Cancellation);
    }

    private static async Task<string> RefusalAsync(RecallDaemon daemon, Filter filter)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" }, Filter = filter }));
        var violation = Assert.Single(error.GetRpcStatus()!.GetDetail<BadRequest>().FieldViolations);
        return $"{violation.Field}: {violation.Description}";
    }

    private static async Task<List<string>> ItemsAsync(RecallDaemon daemon, RecallRequest query) => [.. (await daemon.RecallAsync(query)).Candidates.Select(candidate => candidate.ItemId)];
}
