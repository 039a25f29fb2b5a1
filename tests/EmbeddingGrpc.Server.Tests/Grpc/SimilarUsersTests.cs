using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>Users of two camps: who is like whom, and what that brings.</summary>
public sealed class SimilarUsersTests
{
    private const int Users = 100;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SimilarUsers_OfAUser_AreOfTheSameCamp()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        var response = await AskAsync(daemon, "user-3", 40);

        Assert.Equal(40, response.Users.Count);
        Assert.All(response.Users, user => Assert.Equal(1, Camp(user.UserId)));
        Assert.DoesNotContain(response.Users, user => user.UserId == "user-3");
        Assert.Equal(response.Users.Select(user => user.Similarity).OrderDescending(), response.Users.Select(user => user.Similarity));
        Assert.All(response.Users, user => Assert.InRange(user.Similarity, -1, 1));
        Assert.Equal(daemon.Model.Generations.Serving!.Id.ToString("x16", null), response.GenerationId);
        Assert.Equal(10, (await daemon.Client.SimilarUsersAsync(new SimilarUsersRequest { UserId = "user-3" }, cancellationToken: Cancelled)).Users.Count);
        Assert.True(daemon.Model.UserVectors.SizeBytes > 0);
    }

    [Fact]
    public async Task SimilarUsers_OfNobody_IsNotFoundAndNamesTheUser()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync(daemon, "stranger", 5));

        var resource = error.GetRpcStatus()!.GetDetail<ResourceInfo>();
        Assert.Equal((StatusCode.NotFound, "user", "stranger"), (error.StatusCode, resource.ResourceType, resource.ResourceName));
    }

    [Fact]
    public async Task SimilarUsers_BeforeTheFirstTraining_NeedsAGeneration()
    {
        await using var daemon = await RecallDaemon.StartAsync(train: false);
        await daemon.AppendAsync([.. TestModel.Camps(4, 5, 3)]);
        await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancelled);

        var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync(daemon, "user-1", 5));
        Assert.Equal((StatusCode.FailedPrecondition, "NO_GENERATION"), (error.StatusCode, Events.ReasonOf(error)));
        error = await Assert.ThrowsAsync<RpcException>(() => daemon.RecallAsync(OfSimilarUsers("user-1")));
        Assert.Equal((StatusCode.FailedPrecondition, "NO_GENERATION"), (error.StatusCode, Events.ReasonOf(error)));
    }

    [Fact]
    public async Task SimilarUsers_TurnedOff_SaysSoWhereverTheyAreAskedFor()
    {
        await using var daemon = await RecallDaemon.StartAsync(args: "--EmbeddingGrpc:Recall:SimilarUsers:MaximumUsers=0");

        var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync(daemon, "user-1", 5));
        Assert.Equal((StatusCode.FailedPrecondition, "SIMILAR_USERS_OFF"), (error.StatusCode, Events.ReasonOf(error)));
        error = await Assert.ThrowsAsync<RpcException>(() => daemon.RecallAsync(OfSimilarUsers("user-1")));
        Assert.Equal((StatusCode.FailedPrecondition, "SIMILAR_USERS_OFF"), (error.StatusCode, Events.ReasonOf(error)));
        Assert.NotEmpty((await daemon.RecallAsync(new RecallRequest { User = new UserQuery { UserId = "user-1" } })).Candidates);
    }

    [Fact]
    public async Task EraseUser_WhoWasSimilar_IsNobodysSimilarUserAnyMore()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        Assert.Contains((await AskAsync(daemon, "user-1", Users)).Users, user => user.UserId == "user-3");

        var receipt = await daemon.Catalog.EraseUserAsync(new EraseUserRequest { UserId = "user-3" }, cancellationToken: Cancelled);

        Assert.NotNull(Assert.Single(receipt.Stores, store => store.Name == "similar_users").FreeTime);
        var left = (await AskAsync(daemon, "user-1", Users)).Users;
        Assert.Equal(Users - 2, left.Count);
        Assert.DoesNotContain(left, user => user.UserId == "user-3");
        var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync(daemon, "user-3", 5));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Recall_FromSimilarUsers_IsWhatTheyDidAndTheUserDidNot()
    {
        // Fewer than the camp has, so that all of them are of the camp.
        await using var daemon = await RecallDaemon.StartAsync(args: "--EmbeddingGrpc:Recall:SimilarUsers:Neighbors=40");
        var seen = TestModel.Camps(Users, RecallDaemon.ItemsOfCamp, 10).Where(i => i.UserId == "user-3").Select(i => i.ItemId).ToHashSet();
        var all = Enumerable.Range(0, RecallDaemon.ItemsOfCamp).Select(item => $"camp1-{item}").Except(seen).ToList();

        var response = await daemon.RecallAsync(OfSimilarUsers("user-3"));

        Assert.Equal((RecallBasis.SimilarUsers, AnswerSource.Search), (response.Basis, response.Source));
        Assert.Equal(all.Order(), response.Candidates.Select(candidate => candidate.ItemId).Order());
        Assert.All(response.Candidates, candidate => Assert.Equal([RecallSource.SimilarUsers], candidate.Sources));
        Assert.Equal(1, response.Candidates[0].Score, 1e-5);
        Assert.All(response.Candidates, candidate => Assert.Equal(candidate.Score, candidate.Contributions.Sum(part => part.Score), 1e-4));

        // The same rules as for every other source.
        var (excluded, deleted) = (response.Candidates[0].ItemId, response.Candidates[1].ItemId);
        await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = deleted }, cancellationToken: Cancelled);
        var fewer = await daemon.RecallAsync(new RecallRequest(OfSimilarUsers("user-3")) { ExcludeItemIds = { excluded } });
        Assert.Equal(all.Except([excluded, deleted]).Order(), fewer.Candidates.Select(candidate => candidate.ItemId).Order());
    }

    [Fact]
    public async Task Recall_FromSimilarUsersAndOthers_AddsTheirPartToTheScores()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        var without = new RecallRequest
        {
            User = new UserQuery { UserId = "user-3" },
            K = 2 * RecallDaemon.ItemsOfCamp,
            ExcludeSeen = true,
            Explain = true,
            Sources = { RecallSource.Embedding, RecallSource.Graph },
        };
        var before = (await daemon.RecallAsync(without)).Candidates.ToDictionary(candidate => candidate.ItemId);
        var response = await daemon.RecallAsync(new RecallRequest(without) { Sources = { RecallSource.SimilarUsers } });
        var alone = (await daemon.RecallAsync(OfSimilarUsers("user-3"))).Candidates.ToDictionary(candidate => candidate.ItemId, candidate => candidate.Score);

        Assert.Equal(RecallBasis.Embedding, response.Basis);
        Assert.Equal(before.Keys.Order(), response.Candidates.Select(candidate => candidate.ItemId).Order());
        Assert.Equal(response.Candidates.Select(candidate => candidate.Score).OrderDescending(), response.Candidates.Select(candidate => candidate.Score));
        foreach (var candidate in response.Candidates)
        {
            Assert.Equal(before[candidate.ItemId].Score + alone.GetValueOrDefault(candidate.ItemId), candidate.Score, 1e-3);
            Assert.Equal(alone.ContainsKey(candidate.ItemId), candidate.Sources.Contains(RecallSource.SimilarUsers));
            Assert.Equal(candidate.Score, candidate.Contributions.Sum(part => part.Score), 1e-3);
        }
    }

    [Fact]
    public async Task Recall_NoSourceNamed_DoesNotAskSimilarUsers()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        var response = await daemon.RecallAsync(new RecallRequest { User = new UserQuery { UserId = "user-3" }, K = 30 });

        Assert.All(response.Candidates, candidate => Assert.DoesNotContain(RecallSource.SimilarUsers, candidate.Sources));
        Assert.Equal(0, daemon.Model.UserVectors.SizeBytes);
    }

    private static int Camp(string userId) => int.Parse(userId["user-".Length..], null) % 2;

    private static RecallRequest OfSimilarUsers(string userId) => new()
    {
        User = new UserQuery { UserId = userId },
        K = 100,
        ExcludeSeen = true,
        Explain = true,
        Sources = { RecallSource.SimilarUsers },
    };

    private static async Task<SimilarUsersResponse> AskAsync(RecallDaemon daemon, string userId, uint k)
    {
        await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancelled);
        return await daemon.Client.SimilarUsersAsync(new SimilarUsersRequest { UserId = userId, K = k }, cancellationToken: Cancelled);
    }
}
