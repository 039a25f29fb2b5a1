using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class ExactIndexTests
{
    public static TheoryData<SimilarityMetric> Metrics => [.. Enum.GetValues<SimilarityMetric>()];

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_AnyRows_AgreesWithDoublePrecision(SimilarityMetric metric)
    {
        foreach (var dimension in (int[])[1, 3, 15, 16, 17, 33, 100, 130])
        {
            var rows = TestVectors.WithDuplicatesAndZeros(300, dimension, seed: dimension);
            using var table = TestVectors.Table(rows, dimension);
            using var index = new ExactIndex(table, metric);
            foreach (var query in TestVectors.Clustered(10, dimension, seed: 1000 + dimension))
            {
                var results = new Neighbor[10];
                Assert.Equal(10, index.Search(query, new SearchParameters(10), results, TestContext.Current.CancellationToken));
                var best = Oracle.BestScores(metric, query, rows, 10);
                for (var i = 0; i < 10; i++)
                {
                    Assert.Equal(best[i], results[i].Score, Oracle.Tolerance(best[i]));
                    Assert.Equal(Oracle.Score(metric, query, rows[results[i].Item.Value]), results[i].Score, Oracle.Tolerance(best[i]));
                }
            }
        }
    }

    [Fact]
    public void Search_EqualScores_AnswersLowerOrdinalsFirst()
    {
        using var table = TestVectors.Table([.. Enumerable.Range(0, 50).Select(_ => new float[] { 1, 2 })], 2);
        using var index = new ExactIndex(table, SimilarityMetric.Cosine);
        var results = new Neighbor[5];
        index.Search([3, 1], new SearchParameters(5), results, TestContext.Current.CancellationToken);
        Assert.Equal([0, 1, 2, 3, 4], results.Select(n => n.Item.Value));
    }

    [Theory]
    [InlineData(0, 10, 0)]
    [InlineData(1, 10, 1)]
    [InlineData(7, 10, 7)]
    [InlineData(7, 3, 3)]
    public void Search_MoreWantedThanThere_AnswersWhatThereIs(int rows, int wanted, int found)
    {
        using var table = TestVectors.Table(TestVectors.Clustered(rows, 8, seed: 1), 8);
        using var index = new ExactIndex(table, SimilarityMetric.Euclidean);
        Assert.Equal(found, index.Search(new float[8], new SearchParameters(wanted), new Neighbor[wanted], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Search_WithFilter_AnswersOnlyAccepted()
    {
        var rows = TestVectors.Clustered(200, 8, seed: 2);
        using var table = TestVectors.Table(rows, 8);
        using var index = new ExactIndex(table, SimilarityMetric.DotProduct);
        var results = new Neighbor[50];
        var found = index.Search(rows[3], new SearchParameters(50, Filter: new ModuloFilter(7)), results, TestContext.Current.CancellationToken);
        Assert.Equal(29, found);
        Assert.All(results[..found], n => Assert.Equal(0, n.Item.Value % 7));
        Assert.Equal(1, Oracle.Recall(SimilarityMetric.DotProduct, rows[3], rows, results.AsSpan(0, found), 50, i => i % 7 == 0));
    }

    [Fact]
    public void Search_ZeroQueryOrRowWithCosine_ScoresZero()
    {
        using var table = TestVectors.Table([[0, 0], [-1, 0]], 2);
        using var index = new ExactIndex(table, SimilarityMetric.Cosine);
        var results = new Neighbor[2];
        index.Search([1, 0], new SearchParameters(2), results, TestContext.Current.CancellationToken);
        Assert.Equal([new Neighbor(new ItemOrdinal(0), 0), new Neighbor(new ItemOrdinal(1), -1)], results);
        index.Search([0, 0], new SearchParameters(2), results, TestContext.Current.CancellationToken);
        Assert.Equal([0f, 0f], results.Select(n => n.Score));
    }

    [Fact]
    public void Search_CancelledAmidAScan_StopsAtTheNextBlockOfRows()
    {
        const int Rows = 40_000;
        using var table = TestVectors.Table(TestVectors.Clustered(Rows, 4, seed: 1), 4);
        using var index = new ExactIndex(table, SimilarityMetric.Cosine);
        using var caller = new CancellationTokenSource();
        var filter = new GivesUpFilter(caller, after: 10_000);

        Assert.Throws<OperationCanceledException>(() => index.Search([1, 0, 0, 0], new SearchParameters(5, Filter: filter), new Neighbor[5], caller.Token));
        Assert.InRange(filter.Asked, 10_000, 20_000);
    }

    [Fact]
    public void Search_Cancelled_Throws()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(10, 4, seed: 1), 4);
        using var index = new ExactIndex(table, SimilarityMetric.Cosine);
        Assert.Throws<OperationCanceledException>(() => index.Search(new float[4], new SearchParameters(1), new Neighbor[1], new CancellationToken(true)));
    }

    [Theory]
    [InlineData(0, 5, 1)]
    [InlineData(3, 5, 2)]
    [InlineData(3000, 10, 2)]
    public void SearchAll_ManyQueries_AnswersAsSearchDoes(int count, int k, int threads)
    {
        var rows = TestVectors.WithDuplicatesAndZeros(count, 20, seed: 3);
        var queries = TestVectors.Clustered(70, 20, seed: 4);
        using var table = TestVectors.Table(rows, 20);
        using var asked = TestVectors.Table(queries, 20);
        foreach (var metric in Enum.GetValues<SimilarityMetric>())
        {
            using var index = new ExactIndex(table, metric);
            var all = index.SearchAll(asked, k, threads, TestContext.Current.CancellationToken);
            var wanted = Math.Min(k, count);
            Assert.Equal(70 * wanted, all.Length);
            var one = new Neighbor[k];
            for (var i = 0; i < 70; i++)
            {
                Assert.Equal(wanted, index.Search(queries[i], new SearchParameters(k), one, TestContext.Current.CancellationToken));
                Assert.Equal(one[..wanted], all[(i * wanted)..((i + 1) * wanted)]);
            }

            var filter = new ModuloFilter(3);
            var (some, counts) = (new Neighbor[70 * k], new int[70]);
            index.SearchAll(asked, k, filter, some, counts, threads, TestContext.Current.CancellationToken);
            for (var i = 0; i < 70; i++)
            {
                var found = index.Search(queries[i], new SearchParameters(k, Filter: filter), one, TestContext.Current.CancellationToken);
                Assert.Equal(one[..found], some[(i * k)..((i * k) + counts[i])]);
            }
        }
    }

    /// <summary>A caller who gives up while the search asks about the n-th row.</summary>
    private sealed class GivesUpFilter(CancellationTokenSource caller, int after) : IItemFilter
    {
        public int Asked { get; private set; }

        public bool Accepts(ItemOrdinal item)
        {
            if (++Asked == after) caller.Cancel();
            return true;
        }
    }
}
