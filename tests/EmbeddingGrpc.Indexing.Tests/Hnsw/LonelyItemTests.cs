using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests.Hnsw;

/// <summary>
/// An item whose row is short and points away from all others, as the most popular item of a trained W2 does: the nearest by dot product to most
/// queries, and far from everything where links are chosen. What it is linked to is nearer to the rest than it is, so that the heuristic passes over it.
/// </summary>
public sealed class LonelyItemTests
{
    private const int Dimension = 16;
    private const int M = 16;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(700, 1)]
    [InlineData(1999, 1)]
    [InlineData(1999, 2)]
    public void Build_ItemFarFromAllOthers_IsLedToByManyAndFound(int place, int threads)
    {
        var rows = Crowd(2000, seed: 3);
        rows[place] = Lonely();
        using var table = TestVectors.Table(rows, Dimension);
        using var index = HnswIndex.Build(
            table, SimilarityMetric.DotProduct, new HnswOptions { M = M, BuildThreads = threads }, cancellationToken: TestContext.Current.CancellationToken);
        GraphChecker.AssertSound(index);
        Assert.InRange(LinksTo(index, place), M / 4, int.MaxValue);
        Assert.Equal(place, Nearest(index));
    }

    [Fact]
    public void Insert_ItemFarFromAllOthers_IsLedToByManyAndFound()
    {
        using var table = TestVectors.Table(Crowd(2000, seed: 3), Dimension);
        using var index = HnswIndex.Build(
            table, SimilarityMetric.DotProduct, new HnswOptions { M = M, BuildThreads = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        var item = index.Insert(Lonely()).Value;
        GraphChecker.AssertSound(index);
        Assert.InRange(LinksTo(index, item), M / 4, int.MaxValue);
        Assert.Equal(item, Nearest(index));
    }

    [Fact]
    public void Build_AsManyRowsAsOneThreadLinksAlone_GivesTheSameGraphWithAnyNumberOfThreads()
    {
        using var table = TestVectors.Table(Crowd(1000, seed: 5), Dimension);
        var expected = LinksOf(table, threads: 1);
        for (var build = 0; build < 5; build++) Assert.Equal(expected, LinksOf(table, threads: 4));
    }

    private static uint[][] LinksOf(VectorTable table, int threads)
    {
        using var index = HnswIndex.Build(
            table, SimilarityMetric.DotProduct, new HnswOptions { BuildThreads = threads }, cancellationToken: TestContext.Current.CancellationToken);
        return [.. Enumerable.Range(0, table.Rows).Select(node => index.Graph.Ground.LinkSpan(node).ToArray())];
    }

    /// <summary>Long rows around one direction: by dot product with what points away from it they are all bad.</summary>
    private static List<float[]> Crowd(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var row = new float[Dimension];
            for (var i = 0; i < Dimension; i++) row[i] = (float)(random.NextDouble() - 0.5);
            row[0] -= 6;
            return row;
        })];
    }

    private static float[] Lonely()
    {
        var row = new float[Dimension];
        row[0] = 2;
        return row;
    }

    private static int LinksTo(HnswIndex index, int item) =>
        Enumerable.Range(0, index.Items).Count(node => index.Graph.Ground.LinkSpan(node).Contains((uint)item));

    private static int Nearest(HnswIndex index)
    {
        var query = new float[Dimension];
        query[0] = 1;
        var results = new Neighbor[1];
        Assert.Equal(1, index.Search(query, new SearchParameters(1, 16), results, TestContext.Current.CancellationToken));
        return results[0].Item.Value;
    }
}
