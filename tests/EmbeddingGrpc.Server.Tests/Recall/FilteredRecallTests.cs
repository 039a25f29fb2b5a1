using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall;

/// <summary>Filters and deletions in the engine, over a graph that is large enough to be walked.</summary>
public sealed class FilteredRecallTests(WalkedGeneration walked) : IClassFixture<WalkedGeneration>
{
    private const int Items = WalkedGeneration.Items;
    private const int K = 10;

    private readonly ItemCatalog _catalog = new(walked.Keys, TimeProvider.System);
    private readonly RecallEngine _engine = new(new RecallOptions());
    private long _offset;

    [Theory]
    [InlineData(5)]
    [InlineData(12)]
    [InlineData(120)]
    [InlineData(600)]
    [InlineData(1_200)]
    [InlineData(6_000)]
    [InlineData(12_000)]
    public void Search_ShareOfTheItems_AnswersKAndAlmostTheBest(int accepted)
    {
        UpsertAll();
        var filter = new NumberFilter("rank", double.NegativeInfinity, true, accepted, false) { Field = "filter" };
        AssertAnswersKAndAlmostTheBest(filter, accepted, queries: 40);
    }

    [Theory]
    [InlineData(12, true)]
    [InlineData(120, true)]
    [InlineData(1_200, true)]
    [InlineData(12_000, true)]
    [InlineData(12, false)]
    [InlineData(120, false)]
    [InlineData(1_200, false)]
    [InlineData(12_000, false)]
    public void Search_AllowOrDenyListThatLeavesAShare_AnswersKAndAlmostTheBest(int accepted, bool isAllowList)
    {
        var listed = Enumerable.Range(0, Items).Where(item => RankOf(item) < accepted == isAllowList).Select(IdOf).Append("unknown");
        ItemFilter list = new OneOfItemsFilter([.. listed]) { Field = "filter" };
        var filter = isAllowList ? list : new NotFilter(list) { Field = "filter" };
        AssertAnswersKAndAlmostTheBest(filter, accepted, queries: 20);
    }

    [Fact]
    public void Search_ItemsThatWereDeleted_AnswersKOthersUntilTheyAreBack()
    {
        var before = Search(0, null);
        foreach (var item in before) Delete(item);
        var after = Search(0, null);
        Upsert(before[0], rank: 1);

        Assert.Equal(K, after.Count);
        Assert.Empty(after.Intersect(before));
        Assert.Equal(before[0], Search(0, null)[0]);
        Assert.Equal($"Item '{IdOf(before[1])}' was deleted.", Assert.Throws<ItemNotInGenerationException>(() => Search(before[1], null)).Message);
    }

    [Fact]
    public void Search_AlmostAllDeleted_AnswersTheRest()
    {
        for (var item = 0; item < Items - 4; item++) Delete(item);

        Assert.Equal([Items - 4, Items - 3, Items - 2], Search(Items - 1, null).Order());
    }

    [Fact]
    public void Search_UserWithoutAHistory_GetsWhatIsPopularAndFits()
    {
        Delete(0);
        var filter = new NotFilter(new OneOfItemsFilter([IdOf(1), IdOf(3)]) { Field = "f" }) { Field = "f" };
        var query = new RecallQuery { Subject = new UserSubject("nobody"), K = 3, Filter = filter };

        Assert.Equal([2, 4, 5], Found(_engine.Search(Space(), query, [], TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Search_ItemsThatTheStreamNeverSaw_AreFilteredAsWithoutAttributes()
    {
        // As after an import: the generation has items, the log does not.
        using var store = new GenerationStore();
        var keys = new ItemKeys();
        var catalog = new ItemCatalog(keys, TimeProvider.System);
        store.Publish(new Generation(TestGenerations.Parts(50, 12, index: (vectors, metric) => new ExactIndex(vectors, metric)), keys));
        Assert.True(store.TryLease(out var lease));
        using (lease)
        {
            catalog.Apply(Record("item-7", 1), new LogOffset(0));
            var space = new RecallSpace(lease.Generation, keys, new ItemGraph(new ItemGraphOptions())) { Catalog = catalog };
            var query = new RecallQuery { Subject = new ItemSubject("item-0"), K = 50 };

            Assert.Equal([7], Found(_engine.Search(space, query with { Filter = new HasFilter("rank") { Field = "f" } }, [], TestContext.Current.CancellationToken)));
            Assert.Equal(48, Found(_engine.Search(space, query with { Filter = new NotFilter(new HasFilter("rank") { Field = "f" }) { Field = "f" } }, [], TestContext.Current.CancellationToken)).Count);
            Assert.Equal([3], Found(_engine.Search(space, query with { Filter = new OneOfItemsFilter(["item-3", "unknown"]) { Field = "f" } }, [], TestContext.Current.CancellationToken)));
        }
    }

    // A filter that is negated twice holds for the same items and can only be asked about each.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(150)]
    public void Search_FilterThatLeavesFew_AnswersAsOneThatIsAskedAboutEachItem(int accepted)
    {
        UpsertAll();
        // Known by the catalogue alone, and deleted.
        for (var item = 0; item < 20; item++) _catalog.Apply(Record($"only-catalogued-{item}", item * 3), new LogOffset(_offset++));
        Delete(3);
        Delete(Enumerable.Range(0, Items).First(item => RankOf(item) == accepted / 2));
        ItemFilter[] filters =
        [
            new NumberFilter("rank", double.NegativeInfinity, true, accepted, false) { Field = "f" },
            new AllOfFilter([new NumberFilter("rank", 0, true, Items, true) { Field = "f" }, new NumberFilter("rank", 0, true, accepted, false) { Field = "f" }]) { Field = "f" },
            new OneOfItemsFilter([.. Enumerable.Range(0, accepted).Select(item => $"item-{item * 11}"), "unknown", "only-catalogued-4"]) { Field = "f" },
        ];
        foreach (var filter in filters)
        {
            foreach (var sources in (RecallSources[])[RecallSources.All, RecallSources.Embedding, RecallSources.Popular, RecallSources.Catalog, RecallSources.Embedding | RecallSources.Catalog])
            {
                foreach (var subject in (RecallSubject[])[new ItemSubject(IdOf(100)), new UserSubject("nobody"), new SessionSubject([new SessionEntry(IdOf(5), null), new SessionEntry(IdOf(900), null)])])
                {
                    foreach (var k in (int[])[3, 50])
                    {
                        var query = new RecallQuery { Subject = subject, K = k, Sources = sources };
                        Assert.Equal(Answer(query with { Filter = new NotFilter(new NotFilter(filter) { Field = "f" }) { Field = "f" } }), Answer(query with { Filter = filter }));
                    }
                }
            }
        }
    }

    private List<(int, float)> Answer(RecallQuery query) =>
        [.. _engine.Search(Space(), query, [], TestContext.Current.CancellationToken).Candidates.ToArray().Select(candidate => (candidate.Item.Value, candidate.Score))];

    private void AssertAnswersKAndAlmostTheBest(ItemFilter filter, int accepted, int queries)
    {
        var (hits, wanted) = (0, 0);
        for (var asked = 0; asked < queries; asked++)
        {
            var item = asked * 251;
            var right = Nearest(item, other => RankOf(other) < accepted);

            var found = Search(item, filter);

            Assert.Equal(right.Count, found.Count);
            Assert.All(found, other => Assert.True(RankOf(other) < accepted));
            hits += found.Intersect(right).Count();
            wanted += right.Count;
        }

        Assert.True(hits >= 0.9 * wanted, $"{hits} of the {wanted} nearest that fit were found");
    }

    private static ItemUpserted Record(string id, long rank) => new(id, AttributeCodec.Encode(new Dictionary<string, AttributeValue> { ["rank"] = AttributeValue.Of(rank) }));

    private static List<int> Found(RecallResult result) => [.. result.Candidates.ToArray().Select(candidate => candidate.Item.Value)];

    // Independent of the vectors, so that a bound on it picks any share of the items.
    private static long RankOf(int item) => item * 7919L % Items;

    private string IdOf(int item) => walked.Generation.IdOf(new ItemOrdinal(item));

    private RecallSpace Space() => new(walked.Generation, walked.Keys, new ItemGraph(new ItemGraphOptions())) { Catalog = _catalog };

    private List<int> Search(int item, ItemFilter? filter) =>
        Found(_engine.Search(Space(), new RecallQuery { Subject = new ItemSubject(IdOf(item)), K = K, Filter = filter }, [], TestContext.Current.CancellationToken));

    private List<int> Nearest(int item, Func<int, bool> fits)
    {
        using var exact = new ExactIndex(walked.Generation.Similarity, SimilarityMetric.Cosine);
        var found = new Neighbor[K];
        var count = exact.Search(
            walked.Generation.Similarity[new ItemOrdinal(item)], new SearchParameters(K, Filter: new Fitting(other => other != item && fits(other))), found, TestContext.Current.CancellationToken);
        return [.. found.Take(count).Select(neighbor => neighbor.Item.Value)];
    }

    private void UpsertAll()
    {
        for (var item = 0; item < Items; item++) Upsert(item, RankOf(item));
    }

    private void Upsert(int item, long rank) => _catalog.Apply(Record(IdOf(item), rank), new LogOffset(_offset++));

    private void Delete(int item) => _catalog.Apply(new ItemDeleted(IdOf(item)), new LogOffset(_offset++));

    private sealed class Fitting(Func<int, bool> fits) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => fits(item.Value);
    }
}
