using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Recall.Interests;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall.Interests;

/// <summary>Several interests of one history: each is answered as it would be alone, and the best of all is the answer.</summary>
public sealed class InterestSearchTests : IDisposable
{
    private const int Items = 80;

    private static readonly RecallOptions Options = new() { RecencyExponent = 0, Blend = new BlendOptions { Popularity = 0 } };

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;
    private readonly ItemGraph _graph = new(new ItemGraphOptions());
    private readonly RecallEngine _engine = new(Options);

    public InterestSearchTests()
    {
        for (var item = 0; item < Items; item++) _keys.GetOrAdd($"item-{item}");
        _store.Publish(new Generation(TestGenerations.Parts(Items, 8, index: (vectors, metric) => new ExactIndex(vectors, metric)), _keys));
        _store.TryLease(out _lease);
        for (var item = 1; item < Items; item++)
            _graph.Apply(new HistoryEvent(new ItemKey(item), InteractionType.View, 0, 1), [new HistoryEvent(new ItemKey(item / 2), InteractionType.View, 0, 1)], [], 2, new LogOffset(item));
    }

    private RecallSpace Space => new(_lease.Generation, _keys, _graph);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Search_Interests_AnItemHasTheBestScoreOfAllByTheRootOfTheirWeights(int most)
    {
        int[] items = [3, 9, 20, 31, 40, 55, 61, 70, 77];
        List<Pull> pulls = [.. items.Reverse().Select(item => new Pull(CandidateId.Of(new ItemOrdinal(item)), new ItemKey(item), 1))];
        var count = new InterestClusters().Divide(_lease.Generation, pulls, most, out var interests);
        var groups = interests.ToArray().Zip(pulls, (interest, pull) => (Interest: interest, Item: pull.Item.Value)).GroupBy(g => g.Interest, g => g.Item).ToList();
        var greatest = groups.Max(group => group.Count());
        var expected = new Dictionary<int, float>();
        foreach (var group in groups)
        {
            // What others pull is left out of each, as it is of the whole.
            string[] others = [.. items.Select(item => $"item-{item}")];
            foreach (var (item, score) in Search([.. group.Reverse()], 1, k: 20, others))
                expected[item] = Math.Max(expected.GetValueOrDefault(item, float.MinValue), MathF.Sqrt((float)group.Count() / greatest) * score);
        }

        var found = Search(items, most, k: 20);
        Assert.Equal(most, count);
        Assert.Equal(20, found.Count);
        Assert.Equal(expected.Values.OrderDescending().Take(20).Select(score => MathF.Round(score, 3)), found.Select(candidate => MathF.Round(candidate.Score, 3)));
        Assert.All(found, candidate => Assert.Equal(expected[candidate.Item], candidate.Score, 1e-3f));
    }

    [Fact]
    public void Search_InterestsExplained_SumToTheScoresAndComeOfOneInterestEach()
    {
        int[] items = [3, 9, 20, 31, 40, 55, 61, 70, 77];
        var query = new RecallQuery { Subject = Session(items), K = 30, Explain = true, Interests = 3 };
        var result = _engine.Search(Space, query, [], Cancelled);
        new InterestClusters().Divide(_lease.Generation, [.. result.Pulls], 3, out var interests);

        Assert.Equal((items.Length, 30), (result.Pulls.Length, result.Candidates.Length));
        for (var c = 0; c < result.Candidates.Length; c++)
        {
            var own = result.Contributions.Slice(c * result.Pulls.Length, result.Pulls.Length).ToArray();
            Assert.Equal(result.Candidates[c].Score, own.Sum(), 1e-3f);
            var from = new HashSet<int>();
            for (var p = 0; p < own.Length; p++)
                if (own[p] != 0)
                    from.Add(interests[p]);
            Assert.Single(from);
        }
    }

    [Fact]
    public void Search_OneInterest_IsTheWholeHistoryAtOnce()
    {
        int[] items = [3, 9, 20];
        Assert.Equal(Search(items, null, k: 30), Search(items, 1, k: 30));
        Assert.Equal(Search([9], null, k: 30), Search([9], 4, k: 30));
    }

    [Fact]
    public void Search_ConfiguredInterests_HoldWhereTheRequestDoesNotSay()
    {
        var engine = new RecallEngine(Options with { Interests = 3 });
        var query = new RecallQuery { Subject = Session(3, 9, 20, 31, 40, 55), K = 30 };
        var configured = engine.Search(Space, query, [], Cancelled).Candidates.ToArray();

        Assert.Equal(_engine.Search(Space, query with { Interests = 3 }, [], Cancelled).Candidates.ToArray(), configured);
        Assert.NotEqual(_engine.Search(Space, query, [], Cancelled).Candidates.ToArray(), configured);
    }

    [Fact]
    public void Search_FewerFoundThanAskedFor_WhatIsPopularFollowsOnce()
    {
        var found = Search([3, 9, 20, 31], 3, k: Items);
        Assert.Equal(Items - 4, found.Count);
        Assert.Equal(found.Count, found.Select(candidate => candidate.Item).Distinct().Count());
        Assert.Equal(found.Select(candidate => candidate.Score).OrderDescending(), found.Select(candidate => candidate.Score));
    }

    private List<(int Item, float Score)> Search(int[] items, int? interests, int k, params string[] excludes)
    {
        var query = new RecallQuery { Subject = Session(items), K = k, Interests = interests, Excludes = excludes };
        return [.. _engine.Search(Space, query, [], Cancelled).Candidates.ToArray().Select(candidate => (candidate.Item.Value, candidate.Score))];
    }

    private static SessionSubject Session(params int[] items) => new([.. items.Select(item => new SessionEntry($"item-{item}"))]);
}
