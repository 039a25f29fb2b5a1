using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>One trained daemon for all of them: none changes what another sees.</summary>
public sealed class RecallGrpcServiceTests(RecallGrpcServiceTests.Fixture fixture) : IClassFixture<RecallGrpcServiceTests.Fixture>
{
    private RecallDaemon Daemon => fixture.Daemon;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recall_Item_IsAnsweredWithItemsOfItsCamp()
    {
        var response = await Daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "camp0-3" } });

        Assert.Equal(10, response.Candidates.Count);
        Assert.All(response.Candidates, c => Assert.StartsWith("camp0-", c.ItemId, StringComparison.Ordinal));
        Assert.DoesNotContain(response.Candidates, c => c.ItemId == "camp0-3");
        Assert.Equal(response.Candidates.Select(c => c.Score).OrderDescending(), response.Candidates.Select(c => c.Score));
        Assert.Equal(RecallBasis.Embedding, response.Basis);
        Assert.Equal(ServingId(), response.GenerationId);
    }

    [Fact]
    public async Task Recall_User_IsAnsweredWithItemsOfTheUsersCamp()
    {
        await Daemon.Model.Applier.WaitForAppliedAsync(Daemon.Model.Log.DurableOffset, Cancelled);
        var response = await Daemon.RecallAsync(new RecallRequest { User = new UserQuery { UserId = "user-1" }, K = 5 });

        Assert.Equal(5, response.Candidates.Count);
        Assert.All(response.Candidates, c => Assert.StartsWith("camp1-", c.ItemId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recall_UserExcludingSeen_AnswersNothingOfTheHistory()
    {
        await Daemon.Model.Applier.WaitForAppliedAsync(Daemon.Model.Log.DurableOffset, Cancelled);
        var seen = TestModel.Camps(100, RecallDaemon.ItemsOfCamp, 10).Where(i => i.UserId == "user-1").Select(i => i.ItemId).ToHashSet();
        var response = await Daemon.RecallAsync(new RecallRequest { User = new UserQuery { UserId = "user-1" }, K = 1000, ExcludeSeen = true });

        var answered = response.Candidates.Select(c => c.ItemId).ToList();
        Assert.Equal((2 * RecallDaemon.ItemsOfCamp) - seen.Count, answered.Count);
        Assert.DoesNotContain(answered, seen.Contains);
    }

    [Fact]
    public async Task Recall_UnknownUser_IsAnsweredWithWhatIsPopular()
    {
        var response = await Daemon.RecallAsync(new RecallRequest { User = new UserQuery { UserId = "nobody" } });
        Assert.Equal((RecallBasis.Popular, 10), (response.Basis, response.Candidates.Count));
    }

    [Fact]
    public async Task Recall_Session_IsAnsweredWithItemsOfItsCamp()
    {
        var response = await Daemon.RecallAsync(Session("camp1-1", "camp1-2"));
        Assert.All(response.Candidates, c => Assert.StartsWith("camp1-", c.ItemId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recall_VectorOfAnItem_BeginsWithTheItem()
    {
        var embedding = (await Daemon.Client.GetEmbeddingsAsync(new GetEmbeddingsRequest { ItemIds = { "camp0-3" } }, cancellationToken: Cancelled)).Embeddings[0];
        var response = await Daemon.RecallAsync(new RecallRequest { Vector = new VectorQuery { Values = { embedding.Values } } });

        Assert.Equal("camp0-3", response.Candidates[0].ItemId);
    }

    [Fact]
    public async Task Recall_SameQueryTwice_ComesFromMemoryUnderItsOwnRecallId()
    {
        var request = new RecallRequest { Item = new ItemQuery { ItemId = "camp0-5" }, K = 7 };
        var (first, second) = (await Daemon.RecallAsync(request), await Daemon.RecallAsync(request));

        Assert.Equal((AnswerSource.Search, AnswerSource.Memory), (first.Source, second.Source));
        Assert.Equal(first.Candidates, second.Candidates);
        Assert.NotEqual(first.RecallId, second.RecallId);
        Assert.InRange(first.RecallId.Length, 1, 64);
    }

    [Fact]
    public async Task Recall_WithExcludes_EqualsTheWholeAnswerWithoutThem()
    {
        var whole = await Daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "camp0-6" }, K = 1000 });
        foreach (var count in new[] { 1, 5, 20, 30 })
        {
            var excluded = whole.Candidates.Take(count).Select(c => c.ItemId).ToList();
            var request = new RecallRequest { Item = new ItemQuery { ItemId = "camp0-6" }, K = 4, ExcludeItemIds = { excluded } };
            foreach (var _ in new[] { "searched", "cached" })
            {
                var response = await Daemon.RecallAsync(request);
                Assert.Equal(whole.Candidates.Skip(count).Take(4).Select(c => c.ItemId), response.Candidates.Select(c => c.ItemId));
            }
        }
    }

    [Fact]
    public async Task Recall_WithMinimumScore_IsTakenFromTheSameCachedAnswer()
    {
        var request = new RecallRequest { Item = new ItemQuery { ItemId = "camp0-8" }, K = 8 };
        var whole = await Daemon.RecallAsync(request);
        foreach (var (minimum, left) in new[] { (whole.Candidates[3].Score, 4), (whole.Candidates[6].Score, 7), (2f, 0), (-2f, 8) })
        {
            var response = await Daemon.RecallAsync(new RecallRequest(request) { MinimumScore = minimum });
            Assert.Equal((AnswerSource.Memory, whole.GenerationId), (response.Source, response.GenerationId));
            Assert.Equal(whole.Candidates.Take(left), response.Candidates);
        }

        var excluding = await Daemon.RecallAsync(new RecallRequest(request) { MinimumScore = whole.Candidates[3].Score, ExcludeItemIds = { whole.Candidates[1].ItemId } });
        Assert.Equal(whole.Candidates.Take(4).Where((_, i) => i != 1), excluding.Candidates);
    }

    [Fact]
    public async Task Recall_ExcludingTheLastSeen_LeavesOutTheNewestAloneAndIsCachedApart()
    {
        var request = new RecallRequest { User = new UserQuery { UserId = "forgetful" }, K = 100, ExcludeSeenLast = 1 };
        request.MinimumOffset = await Daemon.AppendAsync(Click("forgetful", "camp0-1", 1), Click("forgetful", "camp0-2", 2), Click("forgetful", "camp0-3", 3));
        var (one, two) = (await Daemon.RecallAsync(request), await Daemon.RecallAsync(new RecallRequest(request) { ExcludeSeenLast = 2 }));
        var again = await Daemon.RecallAsync(request);

        Assert.Equal((AnswerSource.Search, AnswerSource.Search, AnswerSource.Memory), (one.Source, two.Source, again.Source));
        Assert.Equal(["camp0-1", "camp0-2"], SeenOf(one));
        Assert.Equal(["camp0-1"], SeenOf(two));
        Assert.Equal(one.Candidates, again.Candidates);

        static IEnumerable<string> SeenOf(RecallResponse response) =>
            response.Candidates.Select(c => c.ItemId).Where(id => id is "camp0-1" or "camp0-2" or "camp0-3").Order();
    }

    [Fact]
    public async Task Recall_AfterANewClick_IsNotAnsweredFromBeforeIt()
    {
        var request = new RecallRequest { User = new UserQuery { UserId = "mover" } };
        request.MinimumOffset = await Daemon.AppendAsync(Click("mover", "camp0-1", 1));
        Assert.All((await Daemon.RecallAsync(request)).Candidates, c => Assert.StartsWith("camp0-", c.ItemId, StringComparison.Ordinal));
        Assert.Equal(AnswerSource.Memory, (await Daemon.RecallAsync(request)).Source);

        request.MinimumOffset = await Daemon.AppendAsync(Click("mover", "camp0-1", 2));
        Assert.Equal(AnswerSource.Search, (await Daemon.RecallAsync(request)).Source);
    }

    [Fact]
    public async Task Recall_SessionOfAUser_IsMixedWithTheHistoryAndNotAnsweredFromBeforeANewClick()
    {
        var request = Session("camp0-1");
        (request.K, request.Session.UserId, request.ExcludeSeen) = (100, "mixed", true);
        request.MinimumOffset = await Daemon.AppendAsync(Click("mixed", "camp1-1", 1), Click("mixed", "camp1-2", 2));
        var searched = await Daemon.RecallAsync(request);

        Assert.DoesNotContain(searched.Candidates, c => c.ItemId is "camp0-1" or "camp1-1" or "camp1-2");
        Assert.Equal(AnswerSource.Memory, (await Daemon.RecallAsync(request)).Source);
        request.K = 1;
        foreach (var (weight, camp) in new[] { (0.0, "camp0-"), (1.0, "camp1-") })
        {
            request.Session.HistoryWeight = weight;
            Assert.StartsWith(camp, Assert.Single((await Daemon.RecallAsync(request)).Candidates).ItemId, StringComparison.Ordinal);
        }

        request.MinimumOffset = await Daemon.AppendAsync(Click("mixed", "camp1-3", 3));
        Assert.Equal(AnswerSource.Search, (await Daemon.RecallAsync(request)).Source);
    }

    [Fact]
    public async Task Recall_TwoInterests_BothAreAnsweredAndCachedApart()
    {
        var request = Session("camp1-1", "camp1-2", "camp0-1", "camp0-2");
        (request.K, request.Explain) = (10, true);
        foreach (var item in request.Session.Items) item.Weight = 1;
        var whole = await Daemon.RecallAsync(request);
        request.Session.Interests = 2;
        var divided = await Daemon.RecallAsync(request);

        Assert.Equal((AnswerSource.Search, AnswerSource.Search), (whole.Source, divided.Source));
        Assert.Equal(AnswerSource.Memory, (await Daemon.RecallAsync(request)).Source);
        Assert.Equal(["camp0", "camp1"], divided.Candidates.Select(c => c.ItemId[..5]).Distinct().Order());
        foreach (var candidate in divided.Candidates)
        {
            Assert.All(candidate.Contributions, part => Assert.StartsWith(candidate.ItemId[..5], part.ItemId, StringComparison.Ordinal));
            Assert.Equal(candidate.Score, candidate.Contributions.Sum(part => part.Score), 1e-3f);
        }
    }

    [Fact]
    public async Task Recall_SessionOfUnknownItemsOfAUser_IsAnsweredByTheHistoryElseByWhatIsPopular()
    {
        var request = Session("unheard-of");
        request.Session.UserId = "lost";
        Assert.Equal((RecallBasis.Popular, 10), await BasisAsync());

        request.MinimumOffset = await Daemon.AppendAsync(Click("lost", "camp1-1", 1));
        Assert.Equal((RecallBasis.Embedding, 10), await BasisAsync());

        async Task<(RecallBasis Basis, int Candidates)> BasisAsync() => await Daemon.RecallAsync(request) is var r ? (r.Basis, r.Candidates.Count) : default;
    }

    [Fact]
    public async Task Recall_UserWithAHalfLife_ForgetsWhatIsLongAgoAndIsCachedApart()
    {
        // Of many old clicks and one new one: by their places the old ones outweigh it, by their age they count for nothing.
        var clicks = Enumerable.Range(0, 9).Select(i => Click("changed", $"camp0-{i}", 1 + i)).Append(Click("changed", "camp1-1", 1_000_000)).ToArray();
        var request = new RecallRequest { User = new UserQuery { UserId = "changed" }, K = 100, Explain = true, MinimumOffset = await Daemon.AppendAsync(clicks) };
        var byPlace = await Daemon.RecallAsync(request);
        request.User.HalfLife = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(1));
        var byAge = await Daemon.RecallAsync(request);

        Assert.Equal((AnswerSource.Search, AnswerSource.Search), (byPlace.Source, byAge.Source));
        Assert.Contains(byPlace.Candidates, c => c.Contributions.Any(part => part.ItemId == "camp0-8"));
        var because = byAge.Candidates.SelectMany(c => c.Contributions).Select(part => part.ItemId).Distinct();
        Assert.Equal(["camp1-1"], because);
        Assert.Equal(AnswerSource.Memory, (await Daemon.RecallAsync(request)).Source);
    }

    [Fact]
    public async Task Recall_SessionOfAnItemSeenForTheFirstTime_IsAnsweredAtOnceByWhatCameWithIt()
    {
        // A daemon of its own: the item is folded in a moment later, and then answers of before are not those of after.
        await using var daemon = await RecallDaemon.StartAsync();
        var request = Session("brand-new");
        var written = await daemon.AppendAsync(Click("pioneer", "camp1-4", 1), Click("pioneer", "brand-new", 2), Click("pioneer", "camp1-7", 3));
        request.MinimumOffset = written;
        // The embeddings know it a moment later, or by now.
        request.Sources.Add(RecallSource.Graph);
        var response = await daemon.RecallAsync(request);

        Assert.Equal(RecallBasis.Graph, response.Basis);
        Assert.Contains(response.Candidates[0].ItemId, (string[])["camp1-4", "camp1-7"]);
        Assert.Equal([RecallSource.Graph], response.Candidates[0].Sources);

        var onward = Session("camp1-4");
        onward.K = 100;
        onward.Sources.Add(RecallSource.Graph);
        Assert.Contains((await daemon.RecallAsync(onward)).Candidates, c => c.ItemId == "brand-new");
    }

    [Fact]
    public async Task Recall_Explained_ContributionsSumToTheScores()
    {
        var request = Session("camp0-1", "camp0-2");
        request.Explain = true;
        var response = await Daemon.RecallAsync(request);

        Assert.All(response.Candidates, c => Assert.Equal(c.Score, c.Contributions.Sum(contribution => contribution.Score), 1e-3f));
        Assert.All(response.Candidates, c => Assert.Subset(new HashSet<string> { "camp0-1", "camp0-2" }, c.Contributions.Select(contribution => contribution.ItemId).ToHashSet()));
    }

    [Fact]
    public async Task Recall_ChosenSources_AreTheOnlyOnes()
    {
        foreach (var source in new[] { RecallSource.Embedding, RecallSource.Graph, RecallSource.Popular })
        {
            var request = Session("camp0-1", "camp0-2");
            request.Sources.Add(source);
            Assert.All((await Daemon.RecallAsync(request)).Candidates, c => Assert.Equal([source], c.Sources));
        }
    }

    [Fact]
    public async Task Recall_OffsetBeyondTheLog_NamesTheFieldAndTheEnd()
    {
        var e = await RefusedAsync(StatusCode.InvalidArgument, new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" }, MinimumOffset = ulong.MaxValue });

        var violation = Assert.Single(e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations);
        Assert.Equal("minimum_offset", violation.Field);
    }

    [Fact]
    public async Task Recall_UnknownItem_NamesIt()
    {
        var e = await RefusedAsync(StatusCode.NotFound, new RecallRequest { Item = new ItemQuery { ItemId = "nothing" } });
        Assert.Equal(("item", "nothing"), ResourceOf(e));
    }

    [Fact]
    public async Task Recall_SessionOfUnknownItems_NamesTheNewest()
    {
        var e = await RefusedAsync(StatusCode.NotFound, Session("x", "y"));
        Assert.Equal(("item", "y"), ResourceOf(e));
    }

    [Fact]
    public async Task Recall_UnknownModel_NamesIt()
    {
        var e = await RefusedAsync(StatusCode.NotFound, new RecallRequest { Model = "other", Item = new ItemQuery { ItemId = "camp0-1" } });
        Assert.Equal(("model", "other"), ResourceOf(e));
    }

    [Fact]
    public async Task Recall_VectorOfAnotherDimension_NamesTheFieldAndTheDimension()
    {
        var e = await RefusedAsync(StatusCode.InvalidArgument, new RecallRequest { Vector = new VectorQuery { Values = { 1, 2 } } });

        var violation = Assert.Single(e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations);
        Assert.Equal("vector.values", violation.Field);
        Assert.Contains("16 dimensions", violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_CallThatIsCancelled_EndsAsCancelled()
    {
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();
        var e = await Assert.ThrowsAsync<RpcException>(async () => await Daemon.Client.RecallAsync(Session("camp0-1"), cancellationToken: caller.Token));
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
    }

    [Fact]
    public async Task BatchRecall_GoodAndBad_EachIsAnsweredOnItsOwnAndInOrder()
    {
        var batch = new BatchRecallRequest
        {
            Requests =
            {
                new RecallRequest { Item = new ItemQuery { ItemId = "camp0-1" }, K = 3 },
                new RecallRequest { Item = new ItemQuery { ItemId = "nothing" } },
                new RecallRequest { Item = new ItemQuery { ItemId = "camp1-1" }, K = 0 },
                new RecallRequest { Model = "other", Item = new ItemQuery { ItemId = "camp1-1" } },
                Session("camp1-2"),
            },
        };
        var results = (await Daemon.Client.BatchRecallAsync(batch, cancellationToken: Cancelled)).Results;

        Assert.Equal(
            [0, (int)StatusCode.NotFound, (int)StatusCode.InvalidArgument, (int)StatusCode.NotFound, 0],
            results.Select(r => r.Error?.Code ?? 0));
        Assert.Equal(3, results[0].Response.Candidates.Count);
        Assert.StartsWith("camp1-", results[4].Response.Candidates[0].ItemId, StringComparison.Ordinal);
        Assert.Contains("k", results[2].Error.Message, StringComparison.Ordinal);
        Assert.NotEqual(results[0].Response.RecallId, results[4].Response.RecallId);
    }

    [Fact]
    public async Task BatchRecall_SameQueriesOverAndOver_AreAnsweredAsRecallAnswersThem()
    {
        var alone = await Daemon.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "camp1-9" }, K = 6 });
        var batch = new BatchRecallRequest { Requests = { Enumerable.Range(0, 1000).Select(i => new RecallRequest { Item = new ItemQuery { ItemId = $"camp1-{9 + (i % 3)}" }, K = 6 }) } };
        var results = (await Daemon.Client.BatchRecallAsync(batch, cancellationToken: Cancelled)).Results;

        Assert.Equal(1000, results.Count);
        Assert.All(results.Index().Where(r => r.Index % 3 == 0), r => Assert.Equal(alone.Candidates, r.Item.Response.Candidates));
        Assert.Equal(1000, results.Select(r => r.Response.RecallId).Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task BatchRecall_TooFewOrTooMany_NamesTheField(int count)
    {
        var batch = new BatchRecallRequest { Requests = { Enumerable.Repeat(Session("camp0-1"), count) } };
        var e = await Assert.ThrowsAsync<RpcException>(async () => await Daemon.Client.BatchRecallAsync(batch, cancellationToken: Cancelled));

        Assert.Equal("requests", Assert.Single(e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
    }

    [Theory]
    [InlineData(EmbeddingTable.Unspecified)]
    [InlineData(EmbeddingTable.Input)]
    [InlineData(EmbeddingTable.Output)]
    [InlineData(EmbeddingTable.Similarity)]
    public async Task GetEmbeddings_KnownAndUnknown_GivesTheTablesRowsInTheOrderAskedFor(EmbeddingTable table)
    {
        var request = new GetEmbeddingsRequest { ItemIds = { "camp1-4", "nothing", "camp0-2" }, Table = table };
        var response = await Daemon.Client.GetEmbeddingsAsync(request, cancellationToken: Cancelled);

        Assert.Equal(["camp1-4", "camp0-2"], response.Embeddings.Select(e => e.ItemId));
        Assert.Equal(["nothing"], response.UnknownItemIds);
        Assert.True(Daemon.Model.Generations.TryLease(out var lease));
        using (lease)
        {
            var rows = table switch
            {
                EmbeddingTable.Input => lease.Generation.Input,
                EmbeddingTable.Output => lease.Generation.Output,
                _ => lease.Generation.Similarity,
            };
            foreach (var embedding in response.Embeddings)
            {
                Assert.True(lease.Generation.Vocabulary.TryGetOrdinal(embedding.ItemId, out ItemOrdinal item));
                Assert.Equal(rows[item].ToArray(), embedding.Values);
            }
        }
    }

    [Fact]
    public async Task GetEmbeddings_BadRequest_NamesTheField()
    {
        (string Field, GetEmbeddingsRequest Request)[] cases =
        [
            ("item_ids", new GetEmbeddingsRequest()),
            ("item_ids", new GetEmbeddingsRequest { ItemIds = { Enumerable.Repeat("camp0-1", 1001) } }),
            ("table", new GetEmbeddingsRequest { ItemIds = { "camp0-1" }, Table = (EmbeddingTable)9 }),
        ];
        foreach (var (field, request) in cases)
        {
            var e = await Assert.ThrowsAsync<RpcException>(async () => await Daemon.Client.GetEmbeddingsAsync(request, cancellationToken: Cancelled));
            Assert.Equal(field, Assert.Single(e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
        }
    }

    private static RecallRequest Session(params string[] items) =>
        new() { Session = new SessionQuery { Items = { items.Select(item => new SessionItem { ItemId = item }) } } };

    private static EventLog.Interaction Click(string user, string item, int time) => new(user, item, EventLog.InteractionType.Click, 1_700_000_000_000 + time);

    private static (string Type, string Name) ResourceOf(RpcException e)
    {
        var resource = e.GetRpcStatus()!.GetDetail<ResourceInfo>()!;
        return (resource.ResourceType, resource.ResourceName);
    }

    private string ServingId()
    {
        Assert.True(Daemon.Model.Generations.TryLease(out var lease));
        using (lease) return lease.Generation.IdText;
    }

    private async Task<RpcException> RefusedAsync(StatusCode code, RecallRequest request)
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => Daemon.RecallAsync(request));
        Assert.Equal(code, e.StatusCode);
        return e;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public RecallDaemon Daemon { get; private set; } = null!;

        // What one test appends must not make the answers of another new in the middle of it: whoever needs its own interactions says so with minimum_offset.
        public async ValueTask InitializeAsync() =>
            Daemon = await RecallDaemon.StartAsync(null, train: true, "--EmbeddingGrpc:Recall:Cache:GraphRevisionPeriod=01:00:00");

        public ValueTask DisposeAsync() => Daemon.DisposeAsync();
    }
}
