using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

public sealed class SearchValidationTests
{
    public static TheoryData<string> Kinds => ["exact", "hnsw"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Search_AskedForNonsense_SaysWhat(string kind)
    {
        using var table = TestVectors.Table(TestVectors.Clustered(20, 4, seed: 1), 4);
        using var index = Create(kind, table);
        var cancellationToken = TestContext.Current.CancellationToken;
        Assert.Contains("3 values", Fails(() => index.Search(new float[3], new SearchParameters(1), new Neighbor[1], cancellationToken)), StringComparison.Ordinal);
        Assert.Contains("not finite", Fails(() => index.Search([1, float.NaN, 0, 0], new SearchParameters(1), new Neighbor[1], cancellationToken)), StringComparison.Ordinal);
        Assert.Contains("not finite", Fails(() => index.Search([1, float.PositiveInfinity, 0, 0], new SearchParameters(1), new Neighbor[1], cancellationToken)), StringComparison.Ordinal);
        Assert.Contains("0 neighbours", Fails(() => index.Search(new float[4], new SearchParameters(0), new Neighbor[1], cancellationToken)), StringComparison.Ordinal);
        Assert.Contains("-1 places", Fails(() => index.Search(new float[4], new SearchParameters(1, -1), new Neighbor[1], cancellationToken)), StringComparison.Ordinal);
        Assert.Contains("1 places for 2", Fails(() => index.Search(new float[4], new SearchParameters(2), new Neighbor[1], cancellationToken)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Search_AfterDispose_Throws(string kind)
    {
        using var table = TestVectors.Table(TestVectors.Clustered(20, 4, seed: 1), 4);
        var index = Create(kind, table);
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.Search(new float[4], new SearchParameters(1), new Neighbor[1], TestContext.Current.CancellationToken));
    }

    private static IVectorIndex Create(string kind, VectorTable table) =>
        kind == "exact" ? new ExactIndex(table, SimilarityMetric.Cosine) : HnswIndex.Build(table, SimilarityMetric.Cosine, new HnswOptions());

    private static string Fails(Action search) => Assert.Throws<ArgumentException>(search).Message;
}
