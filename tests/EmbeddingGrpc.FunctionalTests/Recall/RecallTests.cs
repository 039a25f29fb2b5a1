using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Recall;

/// <summary>The four questions, asked over the wire of a daemon that has learned a world whose answers are known.</summary>
public sealed class RecallTests(LearnedDaemon learned) : IClassFixture<LearnedDaemon>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recall_OfAnItem_ReturnsItsOwnDepartment()
    {
        foreach (var department in ShoppingWorld.Departments)
        {
            var response = await learned.Daemon.RecallItemAsync(ShoppingWorld.Item(department, 0), Cancel);
            Assert.Equal(10, response.Candidates.Count);
            Assert.All(response.Candidates, c => Assert.StartsWith(department, c.ItemId, StringComparison.Ordinal));
            Assert.DoesNotContain(response.Candidates, c => c.ItemId == ShoppingWorld.Item(department, 0));
            Assert.Equal(response.Candidates.OrderByDescending(c => c.Score).Select(c => c.ItemId), response.Candidates.Select(c => c.ItemId));
            Assert.Equal(learned.Generation.Id, response.GenerationId);
            Assert.Equal(RecallBasis.Embedding, response.Basis);
            Assert.NotEmpty(response.RecallId);
        }
    }

    [Fact]
    public async Task Recall_OfAUser_GoesOnFromTheUsersHistory()
    {
        var response = await AskAsync(new RecallRequest { User = new UserQuery { UserId = ShoppingWorld.User("tools", 5) }, K = 5, IncludeQueryItems = true });
        Assert.Equal(5, response.Candidates.Count);
        Assert.All(response.Candidates, c => Assert.StartsWith("tools", c.ItemId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recall_OfAUser_ExcludingSeen_ReturnsNothingTheUserHad()
    {
        var user = ShoppingWorld.User("games", 2);
        var seen = ShoppingWorld.Interactions.Where(i => i.UserId == user).Select(i => i.ItemId).ToHashSet();
        var response = await AskAsync(new RecallRequest { User = new UserQuery { UserId = user }, K = 30, ExcludeSeen = true });
        Assert.NotEmpty(response.Candidates);
        Assert.DoesNotContain(response.Candidates, c => seen.Contains(c.ItemId));
    }

    [Fact]
    public async Task Recall_OfAStranger_IsPopularAndSaysSo()
    {
        var response = await AskAsync(new RecallRequest { User = new UserQuery { UserId = "nobody" }, K = 7 });
        Assert.Equal(RecallBasis.Popular, response.Basis);
        Assert.Equal(7, response.Candidates.Count);
    }

    [Fact]
    public async Task Recall_OfASession_SkipsItemsThatNobodyKnows()
    {
        var response = await AskAsync(new RecallRequest
        {
            Session = new SessionQuery
            {
                Items = { new SessionItem { ItemId = "never-heard-of" }, new SessionItem { ItemId = "books-1" }, new SessionItem { ItemId = "books-2", Weight = 3 } },
            },
        });
        Assert.All(response.Candidates, c => Assert.StartsWith("books", c.ItemId, StringComparison.Ordinal));
        Assert.DoesNotContain(response.Candidates, c => c.ItemId is "books-1" or "books-2");
    }

    [Fact]
    public async Task Recall_OfAnItemsOwnVector_FindsTheItemFirst()
    {
        var embeddings = await learned.Daemon.Recall.GetEmbeddingsAsync(
            new GetEmbeddingsRequest { ItemIds = { "games-4", "never-heard-of" } }, cancellationToken: Cancel);
        Assert.Equal(["never-heard-of"], embeddings.UnknownItemIds);
        var vector = Assert.Single(embeddings.Embeddings);
        Assert.Equal((int)learned.Generation.Dimension, vector.Values.Count);

        var response = await AskAsync(new RecallRequest { Vector = new VectorQuery { Values = { vector.Values } }, K = 1 });
        Assert.Equal("games-4", Assert.Single(response.Candidates).ItemId);
    }

    [Fact]
    public async Task Recall_Excluding_LeavesOutAndFillsUp()
    {
        var all = await learned.Daemon.RecallItemAsync("tools-0", Cancel, k: 4);
        var banned = all.Candidates.Take(2).Select(c => c.ItemId).ToList();
        var response = await AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "tools-0" }, K = 4, ExcludeItemIds = { banned } });
        Assert.Equal(4, response.Candidates.Count);
        Assert.DoesNotContain(response.Candidates, c => banned.Contains(c.ItemId));
    }

    [Fact]
    public async Task Recall_IncludingQueryItems_ReturnsTheItemItself()
    {
        var response = await AskAsync(new RecallRequest { Item = new ItemQuery { ItemId = "tools-0" }, K = 1, IncludeQueryItems = true });
        Assert.Equal("tools-0", Assert.Single(response.Candidates).ItemId);
    }

    [Fact]
    public async Task Recall_AtAnOffset_ReadsItsOwnWrites()
    {
        var append = await learned.Daemon.Events.AppendEventsAsync(
            new AppendEventsRequest
            {
                Interactions = { new Interaction { UserId = "newcomer", ItemId = "books-3", EventTimeMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() } },
            },
            cancellationToken: Cancel);
        var response = await AskAsync(new RecallRequest { User = new UserQuery { UserId = "newcomer" }, MinimumOffset = append.LogOffset });
        Assert.Equal(RecallBasis.Embedding, response.Basis);
        Assert.All(response.Candidates, c => Assert.StartsWith("books", c.ItemId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task BatchRecall_WithOneWrongQuery_AnswersItsNeighbours()
    {
        var response = await learned.Daemon.Recall.BatchRecallAsync(
            new BatchRecallRequest
            {
                Requests =
                {
                    new RecallRequest { Item = new ItemQuery { ItemId = "books-0" } },
                    new RecallRequest { Item = new ItemQuery { ItemId = "never-heard-of" } },
                    new RecallRequest { Item = new ItemQuery { ItemId = "games-0" } },
                },
            },
            cancellationToken: Cancel);
        Assert.Equal(10, response.Results[0].Response.Candidates.Count);
        Assert.Equal((int)StatusCode.NotFound, response.Results[1].Error.Code);
        Assert.Contains("never-heard-of", response.Results[1].Error.Message, StringComparison.Ordinal);
        Assert.Equal(10, response.Results[2].Response.Candidates.Count);
    }

    private async Task<RecallResponse> AskAsync(RecallRequest request) => await learned.Daemon.Recall.RecallAsync(request, cancellationToken: Cancel);
}
