using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>Over exact indexes, so that every answer has one right value; the graph index is asked where it matters.</summary>
public sealed class RecallEngineTests : IDisposable
{
    private const int Items = 60;
    private const int Dimension = 8;

    private static readonly RecallOptions Options = new() { HistoryItems = 4, RecencyExponent = 1, Blend = new BlendOptions { Embedding = 1, Similarity = 0, Popularity = 0 } };

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;
    private readonly ItemGraph _graph = new(new ItemGraphOptions());
    private readonly RecallEngine _engine = new(Options);

    public RecallEngineTests()
    {
        for (var item = 0; item < Items; item++) _keys.GetOrAdd($"item-{item}");
        _store.Publish(new Generation(TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric)), _keys));
        _store.TryLease(out _lease);
    }

    private Generation Generation => _lease.Generation;

    private RecallSpace Space => new(Generation, _keys, _graph);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void Search_Item_IsTheNearestByCosineInTheInputTable()
    {
        var found = Search(new ItemSubject("item-7"));

        Assert.Equal(AnswerBasis.Embedding, found.Basis);
        AssertRanked(Similar(Row(Generation.Input, 7)).Where(n => n.Item != 7).Take(10), found.Candidates);
    }

    [Fact]
    public void Search_HierarchicalSoftmax_AsksTheGraphWhatComesNextAndNeverW1()
    {
        using var store = new GenerationStore();
        var parts = TestGenerations.Parts(Items, Dimension, index: (vectors, metric) => new ExactIndex(vectors, metric)) with
        {
            Options = new Dictionary<string, string> { ["Training.Objective"] = "SkipGramHierarchicalSoftmax" },
            Output = null,
            Next = null,
        };
        store.Publish(new Generation(parts, _keys));
        store.TryLease(out var lease);
        using (lease)
        {
            var space = new RecallSpace(lease.Generation, _keys, _graph);
            var session = Session("item-3");

            var error = Assert.Throws<InvalidRecallQueryException>(
                () => _engine.Search(space, new RecallQuery { Subject = session, Sources = RecallSources.Embedding }, [], Cancelled));
            Assert.Equal("sources", error.Field);
            Assert.Contains("hierarchical softmax", error.Description, StringComparison.Ordinal);

            _keys.TryGet("item-3", out var before);
            _keys.TryGet("item-9", out var after);
            _graph.Apply(new HistoryEvent(after, InteractionType.View, 0, 1), [new HistoryEvent(before, InteractionType.View, 0, 1)], [], 2, new LogOffset(0));
            var next = _engine.Search(space, new RecallQuery { Subject = session, K = 1 }, [], Cancelled);
            Assert.Equal((AnswerBasis.Graph, RecallSources.Graph), (next.Basis, next.Candidates[0].Sources));
            Assert.Equal(9, next.Candidates[0].Item.Ordinal.Value);

            var similar = _engine.Search(space, new RecallQuery { Subject = new ItemSubject("item-7") }, [], Cancelled);
            AssertRanked(Similar(Row(lease.Generation.Input, 7)).Where(n => n.Item != 7).Take(10), similar.Candidates.ToArray());
        }
    }

    [Fact]
    public void Search_ItemWithQueryItems_BeginsWithItself()
    {
        var found = Search(new ItemSubject("item-7"), query => query with { IncludeQueryItems = true });

        Assert.Equal(7, found.Candidates[0].Item.Value);
        Assert.Equal(1, found.Candidates[0].Score, 1e-5f);
    }

    [Fact]
    public void Search_UnknownItem_NamesItAndTheGeneration()
    {
        var e = Assert.Throws<ItemNotInGenerationException>(() => Search(new ItemSubject("nothing")));

        Assert.Equal(("nothing", Generation.IdText), (e.ItemId, e.Generation));
        Assert.Contains("'nothing'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_Vector_IsTheNearestByCosineInTheInputTable()
    {
        var vector = Enumerable.Range(0, Dimension).Select(i => i - 3.5f).ToArray();

        AssertRanked(Similar(vector).Take(10), Search(new VectorSubject(vector)).Candidates);
    }

    [Fact]
    public void Search_VectorOfAnotherDimension_NamesTheFieldAndTheRightLength()
    {
        var e = Assert.Throws<InvalidRecallQueryException>(() => Search(new VectorSubject(new float[Dimension + 1])));

        Assert.Equal("vector.values", e.Field);
        Assert.Contains($"has {Dimension + 1} values", e.Message, StringComparison.Ordinal);
        Assert.Contains($"has {Dimension} dimensions", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_Session_AsksTheOutputTableWithRecencyWeightedUnitRows()
    {
        var found = Search(Session("item-3", "item-9", "item-20"));

        var query = Mix((20, 1), (9, 1 / 2.0), (3, 1 / 3.0));
        AssertRanked(Next(query).Where(n => n.Item is not (3 or 9 or 20)).Take(10), found.Candidates);
    }

    [Fact]
    public void Search_SessionWithWeights_TakesThemAsTheyAre()
    {
        var found = Search(new SessionSubject([new("item-3", 2), new("item-9", 0), new("item-20")]));

        AssertRanked(Next(Mix((20, 1), (3, 2))).Where(n => n.Item is not (3 or 9 or 20)).Take(10), found.Candidates);
    }

    [Fact]
    public void Search_SessionWithUnknownAndRepeatedItems_TheyTakeNoPlace() =>
        AssertRanked(
            Next(Mix((20, 1), (3, 0.5))).Where(n => n.Item is not (3 or 20)).Take(10),
            Search(Session("item-20", "item-3", "unknown", "item-20", "other")).Candidates);

    [Fact]
    public void Search_SessionWithQueryItems_MayAnswerThem()
    {
        var found = Search(Session("item-3"), query => query with { K = Items, IncludeQueryItems = true });

        Assert.Contains(found.Candidates, n => n.Item.Value == 3);
        Assert.Equal(Items, found.Candidates.Length);
    }

    [Fact]
    public void Search_SessionLongerThanTheHistory_UsesItsNewestItemsAndLeavesOutAll()
    {
        var found = Search(Session([.. Enumerable.Range(0, 10).Select(i => $"item-{i}")]), query => query with { K = Items });

        AssertRanked(Next(Mix((9, 1), (8, 1 / 2.0), (7, 1 / 3.0), (6, 1 / 4.0))).Where(n => n.Item >= 10), found.Candidates);
    }

    [Fact]
    public void Search_SessionOfUnknownItems_SaysSoAndNamesTheNewest()
    {
        var e = Assert.Throws<ItemNotInGenerationException>(() => Search(Session("a", "b")));

        Assert.Equal("b", e.ItemId);
        Assert.Contains("knows none of the session's 2 items", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_SessionWhoseKnownItemsWeighNothing_SaysSo()
    {
        var e = Assert.Throws<ItemNotInGenerationException>(() => Search(new SessionSubject([new("item-1", 0), new("unknown", 1)])));
        Assert.Contains("has a weight above 0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_User_WeighsByRecencyTypeAndWeight()
    {
        HistoryEvent[] history = [View(3), Event(9, InteractionType.Purchase, 3), View(20, 0.5f)];

        AssertRanked(Next(Mix((20, 0.5), (9, 2 * 3 / 2.0), (3, 1 / 3.0))).Where(n => n.Item is not (3 or 9 or 20)).Take(10), SearchUser(history).Candidates);
    }

    [Fact]
    public void Search_UserWithRepeatedItem_StandsWhereItIsNewestAndPullsAsItsStrongest()
    {
        HistoryEvent[] history = [Event(3, InteractionType.Purchase), View(9), View(3)];

        AssertRanked(Next(Mix((3, 2), (9, 0.5))).Where(n => n.Item is not (3 or 9)).Take(10), SearchUser(history).Candidates);
    }

    [Fact]
    public void Search_UserWithImpressionsAndZeroWeights_TheyDoNotPull()
    {
        HistoryEvent[] history = [View(3), Event(9, InteractionType.Impression), View(20, 0)];

        AssertRanked(Next(Mix((3, 1))).Where(n => n.Item != 3).Take(10), SearchUser(history).Candidates);
    }

    [Fact]
    public void Search_UserWithDislike_TheItemNeitherPullsNorIsAnswered()
    {
        HistoryEvent[] history = [View(9), View(3), Event(9, InteractionType.Dislike)];
        var found = SearchUser(history, query => query with { K = Items, IncludeQueryItems = true });

        AssertRanked(Next(Mix((3, 1))).Where(n => n.Item != 9), found.Candidates);
    }

    [Fact]
    public void Search_UserWhoCameBackToADislikedItem_ItPullsAgain()
    {
        HistoryEvent[] history = [Event(9, InteractionType.Dislike), View(9)];
        var found = SearchUser(history, query => query with { K = Items, IncludeQueryItems = true });

        AssertRanked(Next(Mix((9, 1))), found.Candidates);
    }

    [Fact]
    public void Search_UserExcludingSeen_LeavesOutTheWholeStoredHistory()
    {
        HistoryEvent[] history = [.. Enumerable.Range(0, 20).Select(i => View(i)), Event(30, InteractionType.Impression)];
        var found = SearchUser(history, query => query with { K = Items, ExcludeSeen = true });

        Assert.Equal(Items - 21, found.Candidates.Length);
        Assert.DoesNotContain(found.Candidates, n => n.Item.Value is < 20 or 30);
    }

    [Fact]
    public void Search_UserNotExcludingSeen_LeavesOutOnlyWhatMadeTheQuery()
    {
        HistoryEvent[] history = [.. Enumerable.Range(0, 20).Select(i => View(i))];
        var found = SearchUser(history, query => query with { K = Items });

        Assert.Equal(Items - Options.HistoryItems, found.Candidates.Length);
        Assert.DoesNotContain(found.Candidates, n => n.Item.Value is >= 16 and < 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(100)]
    public void Search_UserExcludingTheLastSeen_LeavesOutSoManyDistinctItemsAndNoOlderOne(int last)
    {
        HistoryEvent[] history = [.. Enumerable.Range(0, 20).Select(i => View(i)), Event(30, InteractionType.Impression), View(19), View(7)];
        int[] seen = [7, 19, 30, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 6, 5, 4, 3, 2, 1, 0];
        // An item that is never to be answered counts all the same.
        var found = SearchUser(history, query => query with { K = Items, ExcludeSeenLast = last, IncludeQueryItems = true, Excludes = ["item-7"] });

        var left = seen.Take(last).ToHashSet();
        Assert.Equal(Items - left.Count, found.Candidates.Length);
        Assert.DoesNotContain(found.Candidates, n => left.Contains(n.Item.Value));
    }

    [Fact]
    public void Search_SessionExcludingTheLastSeen_AnswersItsOlderItems()
    {
        SessionEntry[] items = [new("item-3"), new("item-9"), new("unknown"), new("item-3"), new("item-20")];
        var found = Search(new SessionSubject(items), query => query with { K = Items, ExcludeSeenLast = 2, IncludeQueryItems = true });

        Assert.Equal(Items - 2, found.Candidates.Length);
        Assert.Contains(found.Candidates, n => n.Item.Value == 9);
        Assert.DoesNotContain(found.Candidates, n => n.Item.Value is 3 or 20);
    }

    [Fact]
    public void Search_MinimumScore_LeavesOutWhatIsBelowItAndNothingElse()
    {
        HistoryEvent[] history = [View(3), View(9)];
        foreach (var subject in new RecallSubject[] { new ItemSubject("item-7"), new UserSubject("user"), new SessionSubject([new("item-3")]), new UserSubject("nobody") })
        {
            var seen = subject == new UserSubject("user") ? history : [];
            var all = Search(subject, seen, query => query with { K = Items }).Candidates;
            var threshold = all[all.Length / 2].Score;
            var found = Search(subject, seen, query => query with { K = Items, MinimumScore = threshold });

            Assert.Equal(all.Where(n => n.Score >= threshold), found.Candidates);
            Assert.Empty(Search(subject, seen, query => query with { MinimumScore = 1e9f }).Candidates);
        }
    }

    [Fact]
    public void Search_MinimumScoreWithReasons_TheyStillSumToTheScores()
    {
        HistoryEvent[] history = [View(3), View(9), View(20)];
        var query = new RecallQuery { Subject = new UserSubject("user"), Explain = true, K = 30 };
        var threshold = _engine.Search(Space, query, history, Cancelled).Candidates[9].Score;
        var result = _engine.Search(Space, query with { MinimumScore = threshold }, history, Cancelled);

        Assert.Equal(10, result.Candidates.Length);
        for (var c = 0; c < 10; c++)
        {
            var sum = 0f;
            for (var p = 0; p < result.Pulls.Length; p++) sum += result.Contributions[(c * result.Pulls.Length) + p];
            Assert.Equal(result.Candidates[c].Score, sum, 1e-3f);
        }
    }

    [Fact]
    public void Search_CancelledCaller_StopsWhereverItIs()
    {
        var cancelled = new CancellationToken(canceled: true);
        foreach (var subject in new RecallSubject[] { new ItemSubject("item-7"), new UserSubject("nobody"), new SessionSubject([new("item-3")]), new VectorSubject(new float[] { 1, 0, 0, 0, 0, 0, 0, 0 }) })
            Assert.Throws<OperationCanceledException>(() => { _engine.Search(Space, new RecallQuery { Subject = subject }, [], cancelled); });
    }

    [Fact]
    public void Search_UserWithoutHistory_IsTheMostPopularItems()
    {
        var found = SearchUser([], query => query with { Excludes = ["item-1"] });

        Assert.Equal(AnswerBasis.Popular, found.Basis);
        Assert.Equal([0, 2, 3, 4, 5, 6, 7, 8, 9, 10], found.Candidates.Select(n => n.Item.Value));
        Assert.Equal((float)Generation.Vocabulary.CountOf(new ItemOrdinal(0)) / Generation.Vocabulary.TotalCount, found.Candidates[0].Score, 1e-6f);
        Assert.Equal(found.Candidates.Select(n => n.Score).OrderDescending(), found.Candidates.Select(n => n.Score));
    }

    [Fact]
    public void Search_UserWhoOnlyDislikes_IsPopularWithoutTheDisliked()
    {
        var found = SearchUser([Event(0, InteractionType.Dislike)]);
        Assert.Equal((AnswerBasis.Popular, 1), (found.Basis, found.Candidates[0].Item.Value));
    }

    [Fact]
    public void Search_UserWhoseItemsAreNewerThanTheGeneration_IsPopular()
    {
        var later = _keys.GetOrAdd("later");
        Assert.Equal(AnswerBasis.Popular, SearchUser([new HistoryEvent(later, InteractionType.View, 1, 1)]).Basis);
    }

    [Fact]
    public void Search_AnyExcludes_AnswersTheBestOfTheRestAndAsManyAsThereAre() =>
        Gen.Select(Gen.Int[0, Items - 1].HashSet[0, Items], Gen.Int[1, Items + 10]).Sample(
            (excluded, k) =>
            {
                var found = Search(new ItemSubject("item-7"), query => query with { K = k, Excludes = [.. excluded.Select(i => $"item-{i}"), "unknown"] });

                AssertRanked(Similar(Row(Generation.Input, 7)).Where(n => n.Item != 7 && !excluded.Contains(n.Item)).Take(k), found.Candidates);
            },
            iter: 200,
            threads: 1);

    [Fact]
    public void Search_GraphWithMostItemsExcluded_StillAnswersK()
    {
        const int many = 400;
        var options = new HnswOptions { M = 4, EfConstruction = 16, EfSearch = 8, BuildThreads = 1 };
        using var store = new GenerationStore();
        store.Publish(new Generation(
            TestGenerations.Parts(many, Dimension, index: (vectors, metric) => HnswIndex.Build(vectors, metric, options)), new ItemKeys()));
        store.TryLease(out var lease);
        using (lease)
        {
            for (var kept = 1; kept < many; kept += 37)
            {
                string[] excludes = [.. Enumerable.Range(1, many - 1).Where(i => i != kept).Select(i => $"item-{i}")];
                var found = _engine.Search(new RecallSpace(lease.Generation, new ItemKeys(), _graph), new RecallQuery { Subject = new ItemSubject("item-0"), Excludes = excludes }, [], Cancelled);
                Assert.Equal([kept], found.Candidates.ToArray().Select(n => n.Item.Value));
            }
        }
    }

    [Fact]
    public void Search_UnknownUser_IsWhatIsPopularLatelyThenWhatWasTrainedOnMost()
    {
        var counters = new ItemCounters(TimeSpan.FromDays(1));
        var offset = 0L;
        void Count(int item, int times, int day)
        {
            var happened = new HistoryEvent(new ItemKey(item), InteractionType.View, 1_700_000_000_000 + (day * 86_400_000L), 1);
            for (var i = 0; i < times; i++) counters.Apply(happened, new LogOffset(offset++));
        }

        // What was seen most is four days old.
        Count(50, times: 20, day: 0);
        Count(30, times: 3, day: 4);
        Count(40, times: 2, day: 4);
        var space = Space with { Popularity = new RecentPopularity(counters, static _ => 1, TimeProvider.System) };

        var found = _engine.Search(space, new RecallQuery { Subject = new UserSubject("nobody"), K = 5 }, [], Cancelled);

        Assert.Equal(AnswerBasis.Popular, found.Basis);
        Assert.Equal([30, 40, 50, 0, 1], found.Candidates.ToArray().Select(candidate => candidate.Item.Value));
        Assert.Equal(found.Candidates.ToArray().Select(candidate => candidate.Score).OrderDescending(), found.Candidates.ToArray().Select(candidate => candidate.Score));
    }

    [Fact]
    public void Search_Cancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            _engine.Search(Space, new RecallQuery { Subject = new ItemSubject("item-1") }, [], cancelled.Token);
        });
    }

    [Fact]
    public void Search_SecondTimeOnAThread_AllocatesAlmostNothing()
    {
        var query = new RecallQuery { Subject = Session("item-1", "item-2", "item-3"), K = 50, Excludes = ["item-4"] };
        _engine.Search(Space, query, [], Cancelled);

        // The least of some rounds: what comes once in a while on the thread is not a search's.
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => AllocatedByAHundred()), 0, 100 * 200);

        long AllocatedByAHundred()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) _engine.Search(Space, query, [], Cancelled);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static SessionSubject Session(params string[] items) => new([.. items.Select(item => new SessionEntry(item))]);

    private static HistoryEvent View(int item, float weight = 1) => Event(item, InteractionType.View, weight);

    private static HistoryEvent Event(int item, InteractionType type, float weight = 1) => new(new ItemKey(item), type, 0, weight);

    private (RecallCandidate[] Candidates, AnswerBasis Basis) Search(RecallSubject subject, Func<RecallQuery, RecallQuery>? change = null) =>
        Search(subject, [], change);

    private (RecallCandidate[] Candidates, AnswerBasis Basis) SearchUser(HistoryEvent[] history, Func<RecallQuery, RecallQuery>? change = null) =>
        Search(new UserSubject("user"), history, change);

    private (RecallCandidate[] Candidates, AnswerBasis Basis) Search(RecallSubject subject, HistoryEvent[] history, Func<RecallQuery, RecallQuery>? change)
    {
        var query = new RecallQuery { Subject = subject };
        var result = _engine.Search(Space, change?.Invoke(query) ?? query, history, Cancelled);
        return (result.Candidates.ToArray(), result.Basis);
    }

    private static double[] Row(VectorTable table, int item) => [.. table[new ItemOrdinal(item)].ToArray().Select(v => (double)v)];

    private double[] Mix(params (int Item, double Weight)[] pulls)
    {
        var mixed = new double[Dimension];
        foreach (var (item, weight) in pulls)
        {
            var row = Row(Generation.Input, item);
            var length = Math.Sqrt(row.Sum(v => v * v));
            for (var i = 0; i < Dimension; i++) mixed[i] += weight * row[i] / length / pulls.Sum(p => p.Weight);
        }

        return mixed;
    }

    private (int Item, double Score)[] Similar(IEnumerable<float> query) => Similar(query.Select(v => (double)v).ToArray());

    private (int Item, double Score)[] Similar(double[] query) => Rank(item =>
    {
        var row = Row(Generation.Input, item);
        return Dot(query, row) / Math.Sqrt(Dot(row, row) * Dot(query, query));
    });

    // In deviations from the mean over the items, of which a set this small is sampled whole.
    private (int Item, double Score)[] Next(double[] query)
    {
        var products = Enumerable.Range(0, Items).Select(item => Dot(query, Row(Generation.Output, item))).ToArray();
        var mean = products.Average();
        var deviation = Math.Sqrt(products.Average(product => (product - mean) * (product - mean)));
        return Rank(item => (products[item] - mean) / deviation);
    }

    private static (int Item, double Score)[] Rank(Func<int, double> score) =>
        [.. Enumerable.Range(0, Items).Select(item => (item, score(item))).OrderByDescending(n => n.Item2)];

    private static double Dot(double[] left, double[] right) => left.Zip(right, (l, r) => l * r).Sum();

    private static void AssertRanked(IEnumerable<(int Item, double Score)> expected, RecallCandidate[] actual)
    {
        var list = expected.ToList();
        Assert.Equal(list.Select(n => n.Item), actual.Select(n => n.Item.Value));
        foreach (var (oracle, found) in list.Zip(actual)) Assert.Equal(oracle.Score, found.Score, 1e-3);
    }
}
