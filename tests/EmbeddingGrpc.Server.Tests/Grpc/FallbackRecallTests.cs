using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>What a user is answered by where the history leads nowhere: what is popular, then what else there is. Never nothing while there is something.</summary>
public sealed class FallbackRecallTests : IAsyncLifetime
{
    private RecallDaemon _daemon = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _daemon = await RecallDaemon.StartAsync(null, train: false);
        // Generations are looked for behind the open door.
        GenerationLease lease;
        while (!_daemon.Model.TryLeaseForRecall(out lease)) await Task.Delay(TimeSpan.FromMilliseconds(2), Cancelled);
        lease.Dispose();
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Recall_NothingThereYet_SaysToTrain()
    {
        foreach (var request in new[] { User("u"), Session("a"), new RecallRequest { Item = new ItemQuery { ItemId = "a" } } }) await AssertNoGenerationAsync(request);
    }

    [Fact]
    public async Task Recall_CatalogueWithoutInteractions_IsAnsweredByTheNewestThatMayBe()
    {
        foreach (var (id, price) in new[] { ("a", 1), ("b", 2), ("c", 3), ("d", 4) }) await UpsertAsync(id, price);
        var offset = (await _daemon.Catalog.DeleteItemsAsync(new DeleteItemsRequest { ItemIds = { "c" } }, cancellationToken: Cancelled)).LogOffset;

        var all = await AskAsync(User("u"), offset);
        Assert.Equal((RecallBasis.Catalog, ""), (all.Basis, all.GenerationId));
        Assert.Equal(["d", "b", "a"], IdsOf(all));
        Assert.All(all.Candidates, c => Assert.Equal([RecallSource.Catalog], c.Sources));
        Assert.Single(all.Candidates.Select(c => c.Score).Distinct());

        Assert.Equal(["b", "a"], IdsOf(await AskAsync(new RecallRequest(User("u")) { ExcludeItemIds = { "d" } }, offset)));
        Assert.Equal(["d", "b"], IdsOf(await AskAsync(new RecallRequest(User("u")) { K = 2 }, offset)));
        var dear = new Filter { Number = new NumberCondition { Attribute = "price", AtLeast = 2 } };
        Assert.Equal(["d", "b"], IdsOf(await AskAsync(new RecallRequest(User("u")) { Filter = dear }, offset)));
        Assert.Empty((await AskAsync(new RecallRequest(User("u")) { Sources = { RecallSource.Popular } }, offset)).Candidates);
    }

    [Fact]
    public async Task Recall_InteractionsBeforeTheFirstTraining_IsAnsweredByTheGraphThenByWhatIsPopularThenByTheRest()
    {
        await UpsertAsync("shelf", 1);
        // Of popular things to impressions nothing counts: "shown" is among the rest.
        await _daemon.AppendAsync(Click("u", "a", 1), Click("u", "b", 2), Click("v", "hit", 1), Click("w", "hit", 2), Shown("x", "shown", 3));
        var offset = await _daemon.AppendAsync(Click("newcomer", "a", 5));

        var personal = await AskAsync(User("newcomer"), offset);
        Assert.Equal(RecallBasis.Graph, personal.Basis);
        Assert.Equal("b", personal.Candidates[0].ItemId);
        Assert.Equal("hit", personal.Candidates[1].ItemId);
        Assert.Equal(["shown", "shelf"], IdsOf(personal).Skip(2));
        Assert.Equal(personal.Candidates.Select(c => c.Score).OrderDescending(), personal.Candidates.Select(c => c.Score));

        var stranger = await AskAsync(User("nobody"), offset);
        Assert.Equal(RecallBasis.Popular, stranger.Basis);
        Assert.Equal(["shown", "shelf"], IdsOf(stranger).TakeLast(2));
        Assert.Equal([RecallSource.Catalog], stranger.Candidates[^1].Sources);

        // All that is popular is seen or excluded: what is left is of the catalogue, and says so.
        var rest = await AskAsync(new RecallRequest(User("u")) { ExcludeSeen = true, ExcludeItemIds = { "hit" } }, offset);
        Assert.Equal(RecallBasis.Catalog, rest.Basis);
        Assert.Equal(["shown", "shelf"], IdsOf(rest));

        Assert.Equal("b", (await AskAsync(Session("a"), offset)).Candidates[0].ItemId);
        await AssertNoGenerationAsync(new RecallRequest(User("u")) { Sources = { RecallSource.Embedding } });
        await AssertNoGenerationAsync(Session("unheard-of"));
    }

    [Fact]
    public async Task Recall_AfterTheFirstTraining_IsAnsweredByIt()
    {
        await _daemon.AppendAsync([.. TestModel.Camps(users: 40, RecallDaemon.ItemsOfCamp, length: 10)]);
        var offset = (ulong)_daemon.Model.Log.DurableOffset.Value;
        Assert.Equal("", (await AskAsync(User("user-1"), offset)).GenerationId);
        await _daemon.Model.Training.Start().Completion.WaitAsync(Cancelled);

        var trained = await AskAsync(User("user-1"), offset);
        Assert.Equal((RecallBasis.Embedding, _daemon.Model.Generations.Serving!.IdText), (trained.Basis, trained.GenerationId));
    }

    [Fact]
    public async Task BatchRecall_BeforeTheFirstTraining_AnswersWhatItCan()
    {
        await UpsertAsync("a", 1);
        await _daemon.Model.Applier.WaitForAppliedAsync(_daemon.Model.Log.DurableOffset, Cancelled);
        var batch = new BatchRecallRequest { Requests = { User("u"), new RecallRequest { Item = new ItemQuery { ItemId = "a" } } } };
        var results = (await _daemon.Client.BatchRecallAsync(batch, cancellationToken: Cancelled)).Results;

        Assert.Equal("a", Assert.Single(results[0].Response.Candidates).ItemId);
        Assert.Equal((int)StatusCode.FailedPrecondition, results[1].Error.Code);
        Assert.Equal("NO_GENERATION", new Google.Rpc.Status { Details = { results[1].Error.Details } }.GetDetail<ErrorInfo>()!.Reason);
    }

    private async Task UpsertAsync(string id, double price)
    {
        var item = new Item { ItemId = id, Attributes = { ["price"] = new AttributeValue { Number = price } } };
        await _daemon.Catalog.UpsertItemsAsync(new UpsertItemsRequest { Items = { item } }, cancellationToken: Cancelled);
    }

    private async Task<RecallResponse> AskAsync(RecallRequest request, ulong offset)
    {
        request.MinimumOffset = offset;
        return await _daemon.RecallAsync(request);
    }

    private async Task AssertNoGenerationAsync(RecallRequest request)
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => _daemon.RecallAsync(request));
        Assert.Equal((StatusCode.FailedPrecondition, "NO_GENERATION"), (e.StatusCode, e.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
    }

    private static IEnumerable<string> IdsOf(RecallResponse response) => response.Candidates.Select(c => c.ItemId);

    private static RecallRequest User(string id) => new() { User = new UserQuery { UserId = id } };

    private static RecallRequest Session(string id) => new() { Session = new SessionQuery { Items = { new SessionItem { ItemId = id } } } };

    private static EventLog.Interaction Click(string user, string item, int time) => new(user, item, EventLog.InteractionType.Click, 1_700_000_000_000 + time);

    private static EventLog.Interaction Shown(string user, string item, int time) => new(user, item, EventLog.InteractionType.Impression, 1_700_000_000_000 + time);
}
