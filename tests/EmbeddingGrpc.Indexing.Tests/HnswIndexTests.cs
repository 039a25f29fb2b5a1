using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class HnswIndexTests
{
    public static TheoryData<SimilarityMetric> Metrics => [.. Enum.GetValues<SimilarityMetric>()];

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_ClusteredRows_FindsNearlyAllOfTheNearest(SimilarityMetric metric)
    {
        var rows = TestVectors.Clustered(3000, 32, seed: 1);
        using var table = TestVectors.Table(rows, 32);
        using var index = HnswIndex.Build(table, metric, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        GraphChecker.AssertSound(index);
        var queries = TestVectors.Clustered(100, 32, seed: 1);
        Assert.InRange(queries.Average(query => Recall(index, rows, query, 10, ef: 100)), 0.97, 1);
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_AnySizeWithDuplicatesAndZeros_AnswersAllThatExist(SimilarityMetric metric)
    {
        foreach (var count in (int[])[0, 1, 2, 3, 10, 33, 65, 200, 700])
        {
            var rows = TestVectors.WithDuplicatesAndZeros(count, 12, seed: count);
            using var table = TestVectors.Table(rows, 12);
            using var index = HnswIndex.Build(table, metric, new HnswOptions { M = 4, EfConstruction = 32, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
            GraphChecker.AssertSound(index);
            Assert.Equal(count, index.Count);
            var query = TestVectors.Clustered(1, 12, seed: 99)[0];
            var results = new Neighbor[count + 5];
            var found = index.Search(query, new SearchParameters(count + 5), results, TestContext.Current.CancellationToken);
            Assert.Equal(count, found);
            Assert.Equal(count, results[..found].Select(n => n.Item).Distinct().Count());
            var best = Oracle.BestScores(metric, query, rows, count);
            for (var i = 0; i < found; i++) Assert.Equal(best[i], results[i].Score, Oracle.Tolerance(best[i]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1500)]
    public void Search_WithFilter_AnswersAsManyAsExistAndOnlyAccepted(int divisor)
    {
        var rows = TestVectors.Clustered(3000, 16, seed: 5);
        using var table = TestVectors.Table(rows, 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        var results = new Neighbor[20];
        var recall = 0.0;
        foreach (var query in TestVectors.Clustered(50, 16, seed: 5))
        {
            var found = index.Search(query, new SearchParameters(20, Filter: new ModuloFilter(divisor)), results, TestContext.Current.CancellationToken);
            Assert.Equal(Math.Min(20, 3000 / divisor), found);
            Assert.All(results[..found], n => Assert.Equal(0, n.Item.Value % divisor));
            recall += Oracle.Recall(SimilarityMetric.Cosine, query, rows, results.AsSpan(0, found), 20, i => i % divisor == 0);
        }
        Assert.InRange(recall / 50, 0.95, 1);
    }

    [Theory]
    [InlineData(SimilarityMetric.Cosine, 1000)]
    [InlineData(SimilarityMetric.Cosine, 100)]
    [InlineData(SimilarityMetric.Cosine, 10)]
    [InlineData(SimilarityMetric.Cosine, 1)]
    [InlineData(SimilarityMetric.DotProduct, 1000)]
    [InlineData(SimilarityMetric.DotProduct, 100)]
    [InlineData(SimilarityMetric.DotProduct, 10)]
    [InlineData(SimilarityMetric.DotProduct, 1)]
    [InlineData(SimilarityMetric.Euclidean, 10)]
    public void Search_ShareOfManyItems_AnswersKAndAlmostTheBest(SimilarityMetric metric, int divisor)
    {
        // So many that the larger shares are walked to and the smaller ones scanned.
        const int items = 20_000;
        var rows = TestVectors.Clustered(items, 16, seed: 6, clusters: 200);
        using var table = TestVectors.Table(rows, 16);
        using var index = HnswIndex.Build(table, metric, new HnswOptions { EfConstruction = 64 }, cancellationToken: TestContext.Current.CancellationToken);
        var results = new Neighbor[10];
        var recall = 0.0;
        foreach (var query in TestVectors.Clustered(30, 16, seed: 6, clusters: 200))
        {
            Assert.Equal(10, index.Search(query, new SearchParameters(10, Filter: new ModuloFilter(divisor)), results, TestContext.Current.CancellationToken));
            Assert.All(results, n => Assert.Equal(0, n.Item.Value % divisor));
            recall += Oracle.Recall(metric, query, rows, results, 10, i => i % divisor == 0);
        }
        Assert.InRange(recall / 30, 0.95, 1);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(100)]
    [InlineData(10)]
    [InlineData(1)]
    public void Search_FilterThatListsWhatItAccepts_AnswersAsOneThatIsAsked(int divisor)
    {
        const int items = 6000;
        using var table = TestVectors.Table(TestVectors.Clustered(items, 16, seed: 7), 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { M = 8, EfConstruction = 40, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        using var exact = new ExactIndex(table, SimilarityMetric.Cosine);
        foreach (var row in TestVectors.Clustered(500, 16, seed: 8)) index.Insert(row);
        for (var item = 0; item < items; item += 7) index.Delete(new ItemOrdinal(item));
        foreach (var listed in (int[])[100, items, 3 * items])
        {
            foreach (var query in TestVectors.Clustered(10, 16, seed: 9))
            {
                // What it does not list is not there for it.
                Assert.Equal(Find(exact, query, new Below(listed, divisor)), Find(exact, query, new ModuloFilter(divisor, listed)));
                if (divisor >= 100) Assert.Equal(Find(index, query, new Below(listed, divisor)), Find(index, query, new ModuloFilter(divisor, listed)));
                else Assert.All(Find(index, query, new ModuloFilter(divisor, listed)), n => Assert.Equal(0, n.Item.Value % divisor));
            }
        }
    }

    [Fact]
    public void Build_OneThreadAndSeed_GivesTheSameFile()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(1000, 16, seed: 3), 16);
        Assert.Equal(BuildAndSave(table, seed: 7), BuildAndSave(table, seed: 7));
        Assert.NotEqual(BuildAndSave(table, seed: 7), BuildAndSave(table, seed: 8));
    }

    [Fact]
    public void Build_RowThatIsNotFinite_NamesIt()
    {
        var rows = TestVectors.Clustered(10, 4, seed: 3);
        rows[6][2] = float.NaN;
        using var table = TestVectors.Table(rows, 4);
        var error = Assert.Throws<ArgumentException>(() => HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Row 6", error.Message, StringComparison.Ordinal);
        rows[6][2] = 1e20f;
        using var tooLong = TestVectors.Table(rows, 4);
        error = Assert.Throws<ArgumentException>(() => HnswIndex.Build(tooLong, SimilarityMetric.Cosine, new HnswOptions(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Row 6 is too long", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_OptionOutOfRange_IsRefused()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(10, 4, seed: 3), 4);
        Assert.Throws<ValidationException>(() => HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { M = 1 }, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Build_Cancelled_ThrowsAndStopsAllThreads()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(5000, 16, seed: 3), 16);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 2 }, new CancelOnFirstReport(stop), stop.Token));
    }

    [Fact]
    public void Search_ManyThreads_AllAnswerAsOneDoes()
    {
        var rows = TestVectors.Clustered(2000, 16, seed: 4);
        using var table = TestVectors.Table(rows, 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.DotProduct, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        var queries = TestVectors.Clustered(200, 16, seed: 4);
        var expected = queries.ConvertAll(query => Find(index, query));
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < queries.Count; i++) Assert.Equal(expected[i], Find(index, queries[i]));
        });

        static Neighbor[] Find(HnswIndex index, float[] query)
        {
            var results = new Neighbor[10];
            Assert.Equal(10, index.Search(query, new SearchParameters(10), results, TestContext.Current.CancellationToken));
            return results;
        }
    }

    [Fact]
    public void Search_Repeated_AllocatesNothing()
    {
        var rows = TestVectors.Clustered(2000, 16, seed: 4);
        using var table = TestVectors.Table(rows, 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        var results = new Neighbor[10];
        for (var i = 0; i < 50; i++) index.Search(rows[i], new SearchParameters(10), results, TestContext.Current.CancellationToken);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) index.Search(rows[i], new SearchParameters(10), results, TestContext.Current.CancellationToken);
        // A thread that moves to another processor may meet an empty slot of the pool and make one more scratch, once.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    private static double Recall(HnswIndex index, List<float[]> rows, float[] query, int k, int ef)
    {
        var results = new Neighbor[k];
        var found = index.Search(query, new SearchParameters(k, ef), results, TestContext.Current.CancellationToken);
        return Oracle.Recall(index.Metric, query, rows, results.AsSpan(0, found), k);
    }

    private static byte[] BuildAndSave(VectorTable table, ulong seed)
    {
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 1, Seed = seed }, cancellationToken: TestContext.Current.CancellationToken);
        using var stream = new MemoryStream();
        index.Save(stream);
        return stream.ToArray();
    }

    private sealed class CancelOnFirstReport(CancellationTokenSource stop) : IProgress<int>
    {
        public void Report(int value) => stop.Cancel();
    }

    private static Neighbor[] Find(IVectorIndex index, float[] query, IItemFilter filter)
    {
        var results = new Neighbor[10];
        return results[..index.Search(query, new SearchParameters(10, Filter: filter), results, TestContext.Current.CancellationToken)];
    }

    private sealed class Below(int end, int divisor) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => item.Value < end && item.Value % divisor == 0;
    }
}
