using EmbeddingGrpc.Indexing.Quantization;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>Rows that lie closer together than coarse codes tell apart, as well-trained items of one topic do.</summary>
public sealed class DenseRowsTests
{
    private const int Dimension = 100;

    public static TheoryData<SimilarityMetric, double> Cases =>
        new(from metric in Enum.GetValues<SimilarityMetric>() from spread in (double[])[0.1, 0.02] select (metric, spread));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Search_DenseClusters_FindsEveryRowAndItsNeighbours(SimilarityMetric metric, double spread)
    {
        // Within a cluster the cosine is about .99 or .9996; codes of a few bits are the same for all its rows.
        var rows = Clusters(4000, clusters: 8, spread);
        using var table = TestVectors.Table(rows, Dimension);
        using var index = HnswIndex.Build(table, metric, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        GraphChecker.AssertSound(index);
        var probe = index.Probe(new ItemOrdinal(0), 4000, TestContext.Current.CancellationToken);
        Assert.Equal(4000, probe.Probed);
        Assert.InRange(probe.Missed, 0, 40);
        AssertRecall(index, rows, 0.97);
    }

    [Fact]
    public void Insert_DenseClustersIntoAnEmptyIndex_TakesFinerCodesAsNeeded()
    {
        var rows = Clusters(2000, clusters: 4, spread: 0.02);
        using var table = TestVectors.Table([], Dimension);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions(), cancellationToken: TestContext.Current.CancellationToken);
        foreach (var row in rows) index.Insert(row);
        Assert.Equal(CodePrecision.SixteenBits, index.Graph.Codec.Precision);
        AssertRecall(index, rows, 0.97);
    }

    [Fact]
    public void Build_RowsThatFewBitsTellApart_TakesTheFewestLines()
    {
        using var table = TestVectors.Table(TestVectors.Clustered(3000, Dimension, seed: 1, clusters: 500), Dimension);
        using var index = HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((CodePrecision.FewestLines, 1), (index.Graph.Codec.Precision, index.Graph.Codec.Layout.Lines));
    }

    private static List<float[]> Clusters(int count, int clusters, double spread)
    {
        var random = new Random(3);
        var centers = TestVectors.Clustered(clusters, Dimension, seed: 4, clusters, spread: 0);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var center = centers[random.Next(clusters)];
            return Array.ConvertAll(center, x => (float)(x + (spread * 3.4 * (random.NextDouble() - 0.5))));
        })];
    }

    private static void AssertRecall(HnswIndex index, List<float[]> rows, double atLeast)
    {
        var results = new Neighbor[10];
        var recall = Enumerable.Range(0, 40).Average(i =>
        {
            var query = rows[i * rows.Count / 40];
            var found = index.Search(query, new SearchParameters(10, 128), results, TestContext.Current.CancellationToken);
            return Oracle.Recall(index.Metric, query, rows, results.AsSpan(0, found), 10, null, tolerance: 1e-7);
        });
        Assert.InRange(recall, atLeast, 1);
    }
}
