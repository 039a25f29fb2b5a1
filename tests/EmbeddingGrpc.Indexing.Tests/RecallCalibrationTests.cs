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
        using var index = HnswIndex.Build(table, metric, new HnswOptions { M = 5, EfConstruction = 24, BuildThreads = 1 }, cancellationToken: TestContext.Current.CancellationToken);
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
    public void Open_OfACalibratedIndex_KnowsIt()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(2000, 16, seed: 1), 16);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
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

    private static double Recall(HnswIndex index, VectorTable queries, Neighbor[] truth, double target, int k)
    {
        var results = new Neighbor[k];
        var most = truth.Length / queries.Rows;
        var near = 0;
        for (var query = 0; query < queries.Rows; query++)
        {
            Assert.Equal(k, index.Search(queries[new ItemOrdinal(query)], new SearchParameters(k, TargetRecall: target), results, TestContext.Current.CancellationToken));
            var limit = truth[(query * most) + k - 1].Score;
            near += results.Count(neighbor => neighbor.Score >= limit - Oracle.Tolerance(limit));
        }
        return near / ((double)queries.Rows * k);
    }

    private static void Save(HnswIndex index, string path)
    {
        using var stream = File.Create(path);
        index.Save(stream);
    }
}
