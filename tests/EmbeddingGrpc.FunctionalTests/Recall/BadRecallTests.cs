using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Recall;

/// <summary>A wrong question gets an error that names the field and what would be right, and the daemon goes on.</summary>
public sealed class BadRecallTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>, IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>None of these questions may cost the daemon anything.</summary>
    public async ValueTask DisposeAsync() => Assert.NotEmpty((await learned.Daemon.RecallItemAsync("books-0", CancellationToken.None)).Candidates);

    [Fact]
    public Task Recall_OfAnUnknownItem_IsNotFound() =>
        RpcAssert.NotFoundAsync("item", "never-heard-of", () => AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "never-heard-of" } }));

    [Fact]
    public Task Recall_OfAnUnknownModel_IsNotFound() =>
        RpcAssert.NotFoundAsync("model", "winter", () => AskAsync(new RecallRequest { Model = "winter", Item = new ItemQuery { ItemId = "books-0" } }));

    [Theory]
    [InlineData(0u)]
    [InlineData(1001u)]
    [InlineData(uint.MaxValue)]
    public async Task Recall_WithKOutOfRange_NamesTheRange(uint k)
    {
        var violation = await RpcAssert.InvalidAsync("k", () => AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "books-0" }, K = k }));
        Assert.Contains("1..1000", violation.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task Recall_OfAVectorThatIsNotFinite_NamesTheValue(float wrong)
    {
        var values = new float[learned.Generation.Dimension];
        values[3] = wrong;
        await RpcAssert.InvalidAsync("vector.values[3]", () => AskAsync(new RecallRequest { Vector = new VectorQuery { Values = { values } } }));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(17)]
    public async Task Recall_OfAVectorOfTheWrongLength_NamesBothLengths(int length)
    {
        var violation = await RpcAssert.InvalidAsync(
            "vector.values", () => AskAsync(new RecallRequest { Vector = new VectorQuery { Values = { Enumerable.Repeat(1f, length) } } }));
        Assert.Contains($"{length}", violation.Description, StringComparison.Ordinal);
        Assert.Contains($"{learned.Generation.Dimension}", violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public Task Recall_OfAZeroVector_IsRefused() =>
        RpcAssert.InvalidAsync("vector.values", () => AskAsync(new RecallRequest { Vector = new VectorQuery { Values = { new float[learned.Generation.Dimension] } } }));

    [Fact]
    public Task Recall_WithoutAQuery_IsRefused() => RpcAssert.InvalidAsync("query", () => AskAsync(new RecallRequest()));

    [Fact]
    public Task Recall_OfAnEmptySession_IsRefused() => RpcAssert.InvalidAsync("session.items", () => AskAsync(new RecallRequest { Session = new SessionQuery() }));

    [Fact]
    public async Task Recall_OfASessionThatNobodyKnows_IsNotFound() =>
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, () => AskAsync(new RecallRequest { Session = new SessionQuery { Items = { new SessionItem { ItemId = "never-heard-of" } } } }));

    [Fact]
    public Task Recall_OfAnItemWithControlCharacters_IsRefused() =>
        RpcAssert.InvalidAsync("item.item_id", () => AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "books\u0007" } }));

    [Fact]
    public Task Recall_ExcludingTooMany_IsRefused() =>
        RpcAssert.InvalidAsync(
            "exclude_item_ids",
            () => AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "books-0" }, ExcludeItemIds = { Enumerable.Range(0, 10_001).Select(i => $"x{i}") } }));

    [Fact]
    public async Task Recall_LargerThanAMessageMayBe_IsRefusedBySize()
    {
        var huge = new RecallRequest { Item = new ItemQuery { ItemId = new string('x', 17 * 1024 * 1024) } };
        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, () => AskAsync(huge));
    }

    [Fact]
    public async Task Recall_AtAnOffsetThatTheLogDoesNotHave_IsRefusedAtOnce()
    {
        var violation = await RpcAssert.InvalidAsync(
            "minimum_offset", () => AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "books-0" }, MinimumOffset = 1_000_000_000 }));
        Assert.Contains($"{ShoppingWorld.Interactions.Count}", violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public Task GetEmbeddings_OfNothing_IsRefused() =>
        RpcAssert.InvalidAsync("item_ids", async () => await learned.Daemon.Recall.GetEmbeddingsAsync(new GetEmbeddingsRequest(), cancellationToken: Cancel));

    [Theory]
    [InlineData("user_id", "", 10u)]
    [InlineData("user_id", "a\nb", 10u)]
    [InlineData("k", "user-1", 0u)]
    [InlineData("k", "user-1", 1001u)]
    public Task SimilarUsers_BadRequest_NamesTheField(string field, string userId, uint k) =>
        RpcAssert.InvalidAsync(field, async () => await learned.Daemon.Recall.SimilarUsersAsync(new SimilarUsersRequest { UserId = userId, K = k }, cancellationToken: Cancel));

    [Fact]
    public Task BatchRecall_OfNothing_IsRefused() =>
        RpcAssert.InvalidAsync("requests", async () => await learned.Daemon.Recall.BatchRecallAsync(new BatchRecallRequest(), cancellationToken: Cancel));

    private async Task AskAsync(RecallRequest request) => await learned.Daemon.Recall.RecallAsync(request, cancellationToken: Cancel);
}
