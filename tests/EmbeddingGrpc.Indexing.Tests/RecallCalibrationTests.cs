using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Tests.Files;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class RecallCalibrationTests
{
    public static TheoryData<SimilarityMetric> Metrics => [.. Enum.GetValues<SimilarityMetric>()];

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_TargetRecall_GivesIt(SimilarityMetric metric)
    {
        var rows = TestVectors.Clustered(6000, 48, seed: 1, clusters: 300);
        using var table = TestVectors.Table(rows, 48);
        using var index = Thin(table, metric);
        var queries = TestVectors.Clustered(1400, 48, seed: 1, clusters: 300);
        using var sample = TestVectors.Table(queries[..600], 48);
        Assert.True(index.NeedsCalibration);
        var calibration = index.Calibrate(sample, TestContext.Current.CancellationToken);
        Assert.False(index.NeedsCalibration);
        Assert.Same(calibration, index.Calibration);

        // Queries that calibration did not see.
        using var unseen = TestVectors.Table(queries[600..], 48);
        using var exact = new ExactIndex(table, metric);
        var truth = exact.SearchAll(unseen, 200, cancellationToken: TestContext.Current.CancellationToken);
        var effort = 0;
        foreach (var target in (double[])[0.8, 0.9, 0.95, 0.99])
        {
            foreach (var k in (int[])[1, 10, 30, 100, 200]) Assert.InRange(Recall(index, unseen, truth, target, k), target - 0.03, 1);
            var ef = calibration.EfFor(target) ?? int.MaxValue;
            Assert.True(ef >= effort);
            effort = ef;
        }
        Assert.Equal(1, Recall(index, unseen, truth, 1, 10));
    }

    [Fact]
    public void EfFor_BetweenPoints_LiesBetweenThem()
    {
        var calibration = new RecallCalibration(100, [0.5, 0.6, 0.8, 0.79, 0.9]);
        Assert.Equal(10, calibration.EfFor(0.5));
        Assert.Equal(12, calibration.EfFor(0.6));
        Assert.InRange(calibration.EfFor(0.7)!.Value, 13, 15);
        Assert.InRange(calibration.EfFor(0.85)!.Value, 21, 24);
        Assert.Equal(24, calibration.EfFor(0.9));
        Assert.Equal(48, calibration.EfFor(0.9, results: 20));
        Assert.Null(calibration.EfFor(0.901));
    }

    [Fact]
    public void EfFor_MeasuredForManyToo_GrowsFromTheOneToTheOther()
    {
        // 0.9 of 10 needs a pool of 40, 0.9 of 100 one of 128.
        var calibration = new RecallCalibration(1000, [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9], [0.7, 0.8, 0.9]);
        Assert.Equal(40, calibration.EfFor(0.9, results: 10));
        Assert.Equal(40, calibration.EfFor(0.9, results: 1));
        Assert.Equal(128, calibration.EfFor(0.9, results: 100));
        Assert.Equal(1280, calibration.EfFor(0.9, results: 1000));
        var efs = Enumerable.Range(10, 91).Select(results => calibration.EfFor(0.9, results)!.Value).ToArray();
        Assert.Equal(efs.Order(), efs);
        Assert.All(Enumerable.Range(10, 91), results => Assert.True(calibration.EfFor(0.9, results) >= results));
        Assert.Null(calibration.EfFor(0.91, results: 11));
    }

    [Fact]
    public void ExtentFor_BetweenPoints_IsTheMarginOfTheSameRecall()
    {
        // A pool of 40 recalls 0.9 of 10, as the third margin does; one of 128 0.9 of 100, as the fourth does.
        var calibration = new RecallCalibration(
            1000, [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95], [0.7, 0.8, 0.9], [0.4, 0.7, 0.9, 0.94], [0.5, 0.6, 0.7, 0.9]);
        Assert.Equal(new WalkExtent(80, 0.008f), calibration.ExtentFor(40, results: 10));
        Assert.Equal(new WalkExtent(80, 0.008f), calibration.ExtentFor(40, results: 1));
        Assert.Equal(new WalkExtent(256, 0.010f), calibration.ExtentFor(128, results: 100));
        Assert.Equal(new WalkExtent(256, 0.010f), calibration.ExtentFor(128, results: 1000));
        var between = calibration.ExtentFor(36, results: 10);
        Assert.Equal(72, between.Ef);
        Assert.InRange(between.Margin, 0.0071, 0.0079);
        // The distances of a pool's last and of the last wanted one differ by a power of their ranks.
        var wide = new RecallCalibration(1000, [.. Enumerable.Repeat(0.9, 12)], [0.9], [0, 0, 0, 0, 0, 0, 0, 0.9], [0, 0.9]);
        Assert.Equal((0.024f, 0.006f), (wide.ExtentFor(100, results: 10).Margin, wide.ExtentFor(100, results: 100).Margin));
        Assert.Equal(Math.Sqrt(1.024 * 1.006) - 1, wide.ExtentFor(100, results: 32).Margin, 3);
        // Pools that were not measured, or recall more than any margin that was, are walked through to their end.
        Assert.Equal(new WalkExtent(9), calibration.ExtentFor(9, results: 10));
        Assert.Equal(new WalkExtent(128), calibration.ExtentFor(128, results: 10));
        Assert.Equal(new WalkExtent(4000), calibration.ExtentFor(4000, results: 10));
        Assert.Equal(new WalkExtent(40), calibration.ExtentFor(40, results: 30));
        Assert.Equal(new WalkExtent(40), new RecallCalibration(1000, [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9], [0.7, 0.8, 0.9]).ExtentFor(40, results: 10));
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_CalibratedIndex_RecallsWhatItsWholePoolDid(SimilarityMetric metric)
    {
        var rows = TestVectors.Clustered(6000, 48, seed: 4, clusters: 300);
        using var table = TestVectors.Table(rows, 48);
        using var index = Thin(table, metric);
        using var queries = TestVectors.Table(TestVectors.Clustered(600, 48, seed: 4, clusters: 300), 48);
        for (var item = 0; item < 6000; item += 7) index.Delete(new ItemOrdinal(item));
        using var exact = new ExactIndex(table, metric);
        var live = Truth(new LiveFilter(index, new ModuloFilter(1)));
        var filtered = Truth(new LiveFilter(index, new ModuloFilter(2)));
        (int Ef, int K, bool Filtered)[] searches = [.. from ef in (int[])[40, 128] from k in (int[])[1, 10, 40] from filter in (bool[])[false, true] select (ef, k, filter)];
        var whole = Array.ConvertAll(searches, Measure);

        index.Calibrate(cancellationToken: TestContext.Current.CancellationToken);

        for (var i = 0; i < searches.Length; i++) Assert.InRange(Measure(searches[i]), whole[i] - 0.015, 1);

        Neighbor[] Truth(IItemFilter filter)
        {
            var nearest = new Neighbor[600 * 100];
            exact.SearchAll(queries, 100, filter, nearest, new int[600], cancellationToken: TestContext.Current.CancellationToken);
            return nearest;
        }

        double Measure((int Ef, int K, bool Filtered) search) =>
            Recall(index, queries, search.Filtered ? filtered : live, new SearchParameters(search.K, search.Ef, search.Filtered ? new ModuloFilter(2) : null));
    }

    [Fact]
    public void Open_OfACalibratedIndex_KnowsIt()
    {
        // Of such rows some are much harder to find than others: with ten wanted, margins pay.
        using var table = TestVectors.Table(TestVectors.Clustered(6000, 48, seed: 4, clusters: 300), 48);
        using var index = Thin(table, SimilarityMetric.Cosine);
        using var file = new TemporaryFile();
        Save(index, file.Path);
        using (var before = HnswIndex.Open(file.Path, table)) Assert.Null(before.Calibration);
        var measured = index.Calibrate(cancellationToken: TestContext.Current.CancellationToken);
        Save(index, file.Path);
        using var opened = HnswIndex.Open(file.Path, table);
        Assert.Equal((measured.Items, measured.Points.ToArray().Length), (opened.Calibration!.Items, opened.Calibration.Points.Count()));
        Assert.Equal(measured.Points, opened.Calibration.Points);
        Assert.NotEmpty(measured.PointsOfMany);
        Assert.Equal(measured.PointsOfMany, opened.Calibration.PointsOfMany);
        Assert.NotEmpty(measured.PointsByMargin);
        Assert.Equal(measured.PointsByMargin, opened.Calibration.PointsByMargin);
        Assert.Equal(measured.PointsOfManyByMargin, opened.Calibration.PointsOfManyByMargin);
        // With a hundred of 6,000 wanted, walks that margins end come to as many nodes, and none are kept.
        Assert.Empty(measured.PointsOfManyByMargin);
    }

    [Fact]
    public void Calibrate_ByDotProduct_KeepsNoMargins()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(2000, 16, seed: 1), 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.DotProduct, new HnswOptions { BuildThreads = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        var calibration = index.Calibrate(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(calibration.PointsByMargin);
        Assert.Empty(calibration.PointsOfManyByMargin);
    }

    [Fact]
    public void NeedsCalibration_AfterGrowth_IsTrueAgain()
    {
        var rows = TestVectors.Clustered(1600, 16, seed: 1);
        using var table = TestVectors.Table(rows[..1000], 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        index.Calibrate(cancellationToken: TestContext.Current.CancellationToken);
        for (var i = 1000; i < 1250; i++) index.Insert(rows[i]);
        Assert.False(index.NeedsCalibration);
        index.Insert(rows[1250]);
        Assert.True(index.NeedsCalibration);
    }

    [Fact]
    public void Calibrate_EmptyIndexOrQueriesOfAnotherDimension_AnswersOrRefuses()
    {
        using var table = TestVectors.Table([], 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, index.Calibrate(cancellationToken: TestContext.Current.CancellationToken).Items);
        using var queries = TestVectors.Table(TestVectors.Clustered(3, 8, seed: 1), 8);
        Assert.Contains("Queries of 8 values", Assert.Throws<ArgumentException>(() => index.Calibrate(queries, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    private static double Recall(HnswIndex index, VectorTable queries, Neighbor[] truth, double target, int k) =>
        Recall(index, queries, truth, new SearchParameters(k, TargetRecall: target));

    private static double Recall(HnswIndex index, VectorTable queries, Neighbor[] truth, SearchParameters parameters)
    {
        var k = parameters.Count;
        var results = new Neighbor[k];
        var most = truth.Length / queries.Rows;
        var near = 0;
        for (var query = 0; query < queries.Rows; query++)
        {
            Assert.Equal(k, index.Search(queries[new ItemOrdinal(query)], parameters, results, TestContext.Current.CancellationToken));
            var limit = truth[(query * most) + k - 1].Score;
            near += results.Count(neighbor => neighbor.Score >= limit - Oracle.Tolerance(limit));
        }
        return near / ((double)queries.Rows * k);
    }

    /// <summary>A graph by which not every walk finds everything, and the same one every time.</summary>
    private static HnswIndex Thin(VectorTable table, SimilarityMetric metric) =>
        HnswIndex.Build(table, metric, new HnswOptions { M = 5, EfConstruction = 24, BuildThreads = 1 }, cancellationToken: TestContext.Current.CancellationToken);

    private static void Save(HnswIndex index, string path)
    {
        using var stream = File.Create(path);
        index.Save(stream);
    }

    /// <summary>Accepts what the index still has and another filter accepts.</summary>
    private sealed class LiveFilter(HnswIndex index, IItemFilter filter) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => index.Contains(item) && filter.Accepts(item);
    }
}
