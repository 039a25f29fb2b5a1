using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class LshIndexTests
{
    public static TheoryData<SimilarityMetric> Metrics => [.. Enum.GetValues<SimilarityMetric>()];

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_ScoringMoreRows_FindsMoreUntilAll(SimilarityMetric metric)
    {
        var rows = TestVectors.Clustered(4000, 24, seed: 1);
        using var table = TestVectors.Table(rows, 24);
        using var index = LshIndex.Build(table, metric, new LshOptions { Tables = 8, Bits = 8 }, TestContext.Current.CancellationToken);
        var queries = TestVectors.Clustered(60, 24, seed: 1);
        var few = queries.Average(query => Recall(index, rows, query, 200));
        var many = queries.Average(query => Recall(index, rows, query, 1500));
        // Two hundred rows at random would hold a twentieth of the nearest.
        Assert.InRange(few, 0.2, 1);
        Assert.InRange(many, Math.Max(few, 0.75), 1);
        Assert.Equal(1, queries.Take(10).Average(query => Recall(index, rows, query, 4000)), 0.02);
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Search_AnySizeWithDuplicatesAndZeros_AnswersAllThatExist(SimilarityMetric metric)
    {
        foreach (var count in (int[])[0, 1, 2, 33, 300])
        {
            var rows = TestVectors.WithDuplicatesAndZeros(count, 12, seed: count);
            using var table = TestVectors.Table(rows, 12);
            using var index = LshIndex.Build(table, metric, new LshOptions { Tables = 3, Bits = 6 }, TestContext.Current.CancellationToken);
            var query = TestVectors.Clustered(1, 12, seed: 99)[0];
            var results = new Neighbor[count + 5];
            var found = index.Search(query, new SearchParameters(count + 5), results, TestContext.Current.CancellationToken);
            Assert.Equal(count, found);
            var best = Oracle.BestScores(metric, query, rows, count);
            for (var i = 0; i < found; i++) Assert.Equal(best[i], results[i].Score, Oracle.Tolerance(best[i]));
        }
    }

    [Fact]
    public void Search_WithFilter_AnswersAsManyAsExistAndOnlyAccepted()
    {
        var rows = TestVectors.Clustered(2000, 16, seed: 5);
        using var table = TestVectors.Table(rows, 16);
        using var index = LshIndex.Build(table, SimilarityMetric.Cosine, new LshOptions(), TestContext.Current.CancellationToken);
        var results = new Neighbor[10];
        foreach (var divisor in (int[])[1, 10, 500])
        {
            var found = index.Search(rows[3], new SearchParameters(10, Filter: new ModuloFilter(divisor)), results, TestContext.Current.CancellationToken);
            Assert.Equal(Math.Min(10, 2000 / divisor), found);
            Assert.All(results[..found], n => Assert.Equal(0, n.Item.Value % divisor));
        }
    }

    [Fact]
    public void Build_OptionOutOfRangeOrRowNotFinite_IsRefused()
    {
        var rows = TestVectors.Clustered(10, 4, seed: 3);
        using var table = TestVectors.Table(rows, 4);
        Assert.Throws<ValidationException>(() => LshIndex.Build(table, SimilarityMetric.Cosine, new LshOptions { Bits = 25 }, TestContext.Current.CancellationToken));
        rows[6][2] = float.NaN;
        using var broken = TestVectors.Table(rows, 4);
        var error = Assert.Throws<ArgumentException>(() => LshIndex.Build(broken, SimilarityMetric.Cosine, new LshOptions(), TestContext.Current.CancellationToken));
        Assert.Contains("Row 6", error.Message, StringComparison.Ordinal);
    }

    private static double Recall(LshIndex index, List<float[]> rows, float[] query, int candidates)
    {
        var results = new Neighbor[10];
        var found = index.Search(query, new SearchParameters(10, candidates), results, TestContext.Current.CancellationToken);
        return Oracle.Recall(index.Metric, query, rows, results.AsSpan(0, found), 10);
    }
}
