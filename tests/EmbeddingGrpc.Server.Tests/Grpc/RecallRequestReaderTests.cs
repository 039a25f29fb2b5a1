using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Recall;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class RecallRequestReaderTests
{
    private static readonly string LongestId = new('x', RecallRequestReader.MaximumIdBytes);

    [Fact]
    public void Read_OnlyAQuery_HasTheDefaults()
    {
        var query = RecallRequestReader.Read(Item("a"));

        Assert.Equal((new ItemSubject("a"), 10, 0, false, false), (query.Subject, query.K, query.Excludes.Count, query.ExcludeSeen, query.IncludeQueryItems));
        Assert.Equal((RecallSources.All, false), (query.Sources, query.Explain));
        Assert.Equal(0, query.TargetRecall);
    }

    [Fact]
    public void Read_EveryField_IsTaken()
    {
        var request = new RecallRequest { User = new UserQuery { UserId = LongestId }, K = 1000, ExcludeItemIds = { "a", "b" }, ExcludeSeen = true };
        request.Explain = true;
        request.ColdShare = 0.25;
        request.User.Interests = 3;
        request.Sources.Add([RecallSource.Graph, RecallSource.Popular]);
        var query = RecallRequestReader.Read(request);

        Assert.Equal((new UserSubject(LongestId), 1000, true), (query.Subject, query.K, query.ExcludeSeen));
        Assert.Equal(["a", "b"], query.Excludes);
        Assert.Equal((RecallSources.Graph | RecallSources.Popular, true), (query.Sources, query.Explain));
        Assert.Equal((0.25, 250, 3), (query.ColdShare, query.ColdPlaces, query.Interests));
    }

    [Theory]
    [InlineData(0.8)]
    [InlineData(0.999)]
    [InlineData(1)]
    public void Read_TargetRecall_IsTaken(double asked) =>
        Assert.Equal(asked, RecallRequestReader.Read(Item("a", request => request.TargetRecall = asked)).TargetRecall);

    [Fact]
    public void Read_Session_TakesWeightsWhereGiven()
    {
        var session = new SessionQuery { Items = { new SessionItem { ItemId = "a", Weight = 0 }, new SessionItem { ItemId = "b" } } };
        var subject = Assert.IsType<SessionSubject>(RecallRequestReader.Read(new RecallRequest { Session = session, ExcludeSeen = true }).Subject);

        Assert.Equal([new SessionEntry("a", 0), new SessionEntry("b")], subject.Items);
    }

    [Fact]
    public void Read_SessionOfAUser_SeesWhatTheUserSaw()
    {
        var query = RecallRequestReader.Read(Session(r => (r.ExcludeSeen, r.Session.UserId, r.Session.HistoryWeight) = (true, "u", 0), new SessionItem { ItemId = "a" }));
        var subject = Assert.IsType<SessionSubject>(query.Subject);

        Assert.Equal(("u", 0.0, true), (subject.UserId, subject.HistoryWeight, query.ExcludeSeen));
        var alone = RecallRequestReader.Read(Session(r => r.ExcludeSeen = true, new SessionItem { ItemId = "a" }));
        Assert.Equal((null, false), (alone.Subject.HistoryOf, alone.ExcludeSeen));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(90, 500_000_000)]
    [InlineData(36_500L * 86_400, 0)]
    public void Read_HalfLife_IsTaken(long seconds, int nanos) => Assert.Equal(
        TimeSpan.FromSeconds(seconds + (nanos / 1e9)),
        Assert.IsType<UserSubject>(RecallRequestReader.Read(Forgetting(new Duration { Seconds = seconds, Nanos = nanos })).Subject).HalfLife);

    [Fact]
    public void Read_Vector_TakesItsValues()
    {
        var subject = Assert.IsType<VectorSubject>(RecallRequestReader.Read(new RecallRequest { Vector = new VectorQuery { Values = { 0, -1.5f } } }).Subject);
        Assert.Equal([0, -1.5f], subject.Values.ToArray());
    }

    [Fact]
    public void Read_BadField_IsNamedWithTheRemedy()
    {
        (string Field, string Description, RecallRequest Request)[] cases =
        [
            ("query", "set one of item, user, session, vector", new RecallRequest()),
            ("k", "must be 1..1000", Item("a", r => r.K = 0)),
            ("k", "is 1001; must be 1..1000", Item("a", r => r.K = 1001)),
            ("k", "must be 1..1000", Item("a", r => r.K = uint.MaxValue)),
            ("item.item_id", "1..256 bytes", Item("")),
            ("item.item_id", "1..256 bytes", Item(LongestId + "x")),
            ("item.item_id", "1..256 bytes", Item(new string('é', 129))),
            ("item.item_id", "control characters", Item("a\nb")),
            ("item.item_id", "control characters", Item("a\u0085b")),
            ("user.user_id", "1..256 bytes", new RecallRequest { User = new UserQuery() }),
            ("session.items", "has 0 items; must have 1..1000", new RecallRequest { Session = new SessionQuery() }),
            ("session.items", "has 1001 items", Session([.. Enumerable.Repeat(new SessionItem { ItemId = "a" }, 1001)])),
            ("session.items[1].item_id", "1..256 bytes", Session(new SessionItem { ItemId = "a" }, new SessionItem())),
            ("session.items[0].weight", "is NaN; must be finite and at least 0", Session(new SessionItem { ItemId = "a", Weight = float.NaN })),
            ("session.items[0].weight", "must be finite", Session(new SessionItem { ItemId = "a", Weight = float.PositiveInfinity })),
            ("session.items[0].weight", "must be finite and at least 0", Session(new SessionItem { ItemId = "a", Weight = -1 })),
            ("session.items", "all have weight 0", Session(new SessionItem { ItemId = "a", Weight = 0 })),
            ("vector.values", "is empty", new RecallRequest { Vector = new VectorQuery() }),
            ("vector.values", "are all zero", new RecallRequest { Vector = new VectorQuery { Values = { 0, -0f } } }),
            ("vector.values[1]", "is NaN; must be finite", new RecallRequest { Vector = new VectorQuery { Values = { 1, float.NaN } } }),
            ("vector.values[0]", "must be finite", new RecallRequest { Vector = new VectorQuery { Values = { float.NegativeInfinity, 1 } } }),
            ("exclude_item_ids", "has 10001 items; at most 10000", Item("a", r => r.ExcludeItemIds.Add(Enumerable.Repeat("b", 10_001)))),
            ("exclude_item_ids[1]", "1..256 bytes", Item("a", r => r.ExcludeItemIds.Add(["b", ""]))),
            ("user.half_life", "is 0.5 s; must be 1 s..3153600000 s (36500 days)", Forgetting(new Duration { Nanos = 500_000_000 })),
            ("user.half_life", "is 0 s; must be", Forgetting(new Duration())),
            ("user.half_life", "is -60 s; must be", Forgetting(new Duration { Seconds = -60 })),
            ("user.half_life", "must be 1 s..", Forgetting(new Duration { Seconds = long.MaxValue })),
            ("user.half_life", "must be 1 s..", Forgetting(new Duration { Seconds = 5, Nanos = int.MinValue })),
            ("user.interests", "is 0; must be 1..8", new RecallRequest { User = new UserQuery { UserId = "u", Interests = 0 } }),
            ("user.interests", "is 9; must be 1..8", new RecallRequest { User = new UserQuery { UserId = "u", Interests = 9 } }),
            ("session.interests", "is 4294967295; must be 1..8", Session(r => r.Session.Interests = uint.MaxValue, new SessionItem { ItemId = "a" })),
            ("session.user_id", "1..256 bytes", Session(r => r.Session.UserId = LongestId + "x", new SessionItem { ItemId = "a" })),
            ("session.user_id", "control characters", Session(r => r.Session.UserId = "a\nb", new SessionItem { ItemId = "a" })),
            ("session.history_weight", "needs session.user_id", Session(r => r.Session.HistoryWeight = 0.5, new SessionItem { ItemId = "a" })),
            ("session.history_weight", "is 1.1; must be 0..1", Session(r => (r.Session.UserId, r.Session.HistoryWeight) = ("u", 1.1), new SessionItem { ItemId = "a" })),
            ("session.history_weight", "is NaN; must be 0..1", Session(r => (r.Session.UserId, r.Session.HistoryWeight) = ("u", double.NaN), new SessionItem { ItemId = "a" })),
            ("exclude_seen", "needs a user or a session query", Item("a", r => r.ExcludeSeen = true)),
            ("explain", "needs a user or a session query", Item("a", r => r.Explain = true)),
            ("sources", "may only be RECALL_SOURCE_EMBEDDING", Item("a", r => r.Sources.Add(RecallSource.Graph))),
            ("sources[1]", "is 9; must be", Session(r => r.Sources.Add([RecallSource.Graph, (RecallSource)9]), new SessionItem { ItemId = "a" })),
            ("minimum_score", "is NaN; must be finite", Item("a", r => r.MinimumScore = float.NaN)),
            ("minimum_score", "must be finite", Item("a", r => r.MinimumScore = float.NegativeInfinity)),
            ("exclude_seen_last", "is 0; must be 1..10000", Session(r => r.ExcludeSeenLast = 0, new SessionItem { ItemId = "a" })),
            ("exclude_seen_last", "must be 1..10000", Session(r => r.ExcludeSeenLast = uint.MaxValue, new SessionItem { ItemId = "a" })),
            ("exclude_seen_last", "needs a user or a session query", Item("a", r => r.ExcludeSeenLast = 1)),
            ("exclude_seen_last", "needs a user or a session query", new RecallRequest { Vector = new VectorQuery { Values = { 1 } }, ExcludeSeenLast = 1 }),
            ("exclude_seen_last", "contradicts exclude_seen,", new RecallRequest { User = new UserQuery { UserId = "u" }, ExcludeSeen = true, ExcludeSeenLast = 1 }),
            ("exclude_seen_last", "contradicts include_query_items", Session(r => (r.ExcludeSeenLast, r.IncludeQueryItems) = (1, true), new SessionItem { ItemId = "a" })),
            ("cold_share", "is 1.5; must be 0..1", Item("a", r => r.ColdShare = 1.5)),
            ("cold_share", "is -0.1; must be 0..1", Item("a", r => r.ColdShare = -0.1)),
            ("cold_share", "is NaN; must be 0..1", Item("a", r => r.ColdShare = double.NaN)),
            ("target_recall", "is 0.79; must be 0.80..0.999, or 1 for an exact search", Item("a", r => r.TargetRecall = 0.79)),
            ("target_recall", "is 0; must be", Item("a", r => r.TargetRecall = 0)),
            ("target_recall", "is 0.9999; must be", Item("a", r => r.TargetRecall = 0.9999)),
            ("target_recall", "is 1.01; must be", Item("a", r => r.TargetRecall = 1.01)),
            ("target_recall", "is -1; must be", Item("a", r => r.TargetRecall = -1)),
            ("target_recall", "is NaN; must be", Item("a", r => r.TargetRecall = double.NaN)),
            ("include_query_items", "contradicts exclude_seen", new RecallRequest { User = new UserQuery { UserId = "u" }, ExcludeSeen = true, IncludeQueryItems = true }),
        ];

        foreach (var (field, description, request) in cases)
        {
            var violation = Assert.Single(ViolationsOf(request));
            Assert.Equal(field, violation.Field);
            Assert.Contains(description, violation.Description, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_SeveralBadFields_NamesThemAll() =>
        Assert.Equal(
            ["k", "exclude_item_ids[0]", "item.item_id"],
            ViolationsOf(Item("", r => { r.K = 0; r.ExcludeItemIds.Add(""); })).Select(v => v.Field));

    [Fact]
    public void Read_ThousandsOfBadIds_NamesSomeOfThem() =>
        Assert.InRange(ViolationsOf(Item("a", r => r.ExcludeItemIds.Add(Enumerable.Repeat("", 10_000)))).Count, 10, 100);

    private static RepeatedField<BadRequest.Types.FieldViolation> ViolationsOf(RecallRequest request)
    {
        var e = Assert.Throws<RpcException>(() => RecallRequestReader.Read(request));
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        return e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations;
    }

    private static RecallRequest Item(string id, Action<RecallRequest>? change = null)
    {
        var request = new RecallRequest { Item = new ItemQuery { ItemId = id } };
        change?.Invoke(request);
        return request;
    }

    private static RecallRequest Forgetting(Duration halfLife) => new() { User = new UserQuery { UserId = "u", HalfLife = halfLife } };

    private static RecallRequest Session(Action<RecallRequest> change, params SessionItem[] items)
    {
        var request = Session(items);
        change(request);
        return request;
    }

    private static RecallRequest Session(params SessionItem[] items) => new() { Session = new SessionQuery { Items = { items } } };
}
