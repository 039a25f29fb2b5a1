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
        using var index = HnswIndex.Build(table, metric, new HnswOptions { M = 5, EfConstruction = 24, BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        var queries = TestVectors.Clustered(300, 48, seed: 1, clusters: 300);
        using var sample = TestVectors.Table(queries[..200], 48);
        Assert.True(index.NeedsCalibration);
        var calibration = index.Calibrate(sample, TestContext.Current.CancellationToken);
        Assert.False(index.NeedsCalibration);
        Assert.Same(calibration, index.Calibration);

        var effort = 0;
        foreach (var target in (double[])[0.8, 0.9, 0.95, 0.99])
        {
            var recall = queries.Average(query => Recall(index, rows, query, target));
            Assert.InRange(recall, target - 0.02, 1);
            var ef = calibration.EfFor(target) ?? int.MaxValue;
            Assert.True(ef >= effort);
            effort = ef;
        }
        Assert.Equal(1, queries.Take(20).Average(query => Recall(index, rows, query, 1)));
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

    private static double Recall(HnswIndex index, List<float[]> rows, float[] query, double target)
    {
        var results = new Neighbor[10];
        var found = index.Search(query, new SearchParameters(10, TargetRecall: target), results, TestContext.Current.CancellationToken);
        return Oracle.Recall(index.Metric, query, rows, results.AsSpan(0, found), 10);
    }

    private static void Save(HnswIndex index, string path)
    {
        using var stream = File.Create(path);
        index.Save(stream);
    }
}
