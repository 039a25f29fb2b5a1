using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests.Hnsw;

/// <summary>
/// Rows that are exactly equal, as those of items known only by the same attributes are. More of them than a pool holds must neither keep a walk from what lies
/// beyond them, nor be lost to each other.
/// </summary>
public sealed class EqualRowsTests
{
    private const int Dimension = 100;
    private const int RandomRows = 5000;
    private const int EqualRows = 1000;

    public static TheoryData<SimilarityMetric> Metrics => [.. Enum.GetValues<SimilarityMetric>()];

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Build_RandomRowsBesideEqualOnes_FindsEachRowAndTheEqualOnes(SimilarityMetric metric)
    {
        var (rows, equal) = RandomWithEqual(seed: 1);
        using var table = TestVectors.Table(rows, Dimension);
        using var index = Build(table, metric);
        GraphChecker.AssertSound(index);
        Assert.Equal([], Lost(index, rows));
        AssertAnswersWithEqualOnes(index, rows, equal);
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Build_FiftyDifferentRows_AnswersOnlyWithTheBest(SimilarityMetric metric)
    {
        var different = OfOneLength(50, seed: 2);
        var random = new Random(3);
        List<float[]> rows = [.. Enumerable.Range(0, 20_000).Select(_ => different[random.Next(different.Count)])];
        using var table = TestVectors.Table(rows, Dimension);
        using var index = Build(table, metric);
        GraphChecker.AssertSound(index);
        var results = new Neighbor[10];
        foreach (var query in different)
        {
            var found = index.Search(query, new SearchParameters(10, 128), results, TestContext.Current.CancellationToken);
            Assert.Equal(1, Oracle.Recall(metric, query, rows, results.AsSpan(0, found), 10));
        }
    }

    [Fact]
    public void Build_EqualRowsAndAnyNumberOfThreads_GivesTheSameGraph()
    {
        // As many rows as one thread links alone; their repeats are hung on them by all.
        var (rows, _) = RandomWithEqual(seed: 5);
        using var table = TestVectors.Table(rows[^900..], Dimension);
        Assert.Equal(Links(table, threads: 1), Links(table, threads: 4));

        static uint[][] Links(VectorTable table, int threads)
        {
            using var index = HnswIndex.Build(
                table, SimilarityMetric.Cosine, new HnswOptions { BuildThreads = threads }, cancellationToken: TestContext.Current.CancellationToken);
            return [.. Enumerable.Range(0, table.Rows).Select(node => index.Graph.Ground.LinkSpan(node).ToArray())];
        }
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void Insert_EqualRowsOneByOneThenOthers_FindsEachRowAndTheEqualOnes(SimilarityMetric metric)
    {
        var (rows, equal) = RandomWithEqual(seed: 4);
        List<float[]> different = [.. rows.Where(row => row != equal)];
        using var table = TestVectors.Table(different[..4000], Dimension);
        using var index = Build(table, metric);
        List<float[]> inserted = [.. different[..4000], .. Enumerable.Repeat(equal, EqualRows), .. different[4000..]];
        foreach (var row in inserted[4000..]) index.Insert(row);
        GraphChecker.AssertSound(index);
        Assert.Equal(0, index.Repair(TestContext.Current.CancellationToken));
        Assert.Equal([], Lost(index, inserted));
        AssertAnswersWithEqualOnes(index, inserted, equal);
    }

    [Theory]
    [InlineData(SimilarityMetric.Cosine, false)]
    [InlineData(SimilarityMetric.Cosine, true)]
    [InlineData(SimilarityMetric.DotProduct, false)]
    [InlineData(SimilarityMetric.Euclidean, false)]
    public void Delete_HalfOfTheEqualRows_FindsTheOthersAndTakesThemBack(SimilarityMetric metric, bool firstHalf)
    {
        var (rows, equal) = RandomWithEqual(seed: 6);
        using var table = TestVectors.Table(rows, Dimension);
        using var index = Build(table, metric);
        int[] members = [.. Enumerable.Range(0, rows.Count).Where(item => rows[item] == equal)];
        int[] deleted = firstHalf ? members[..(EqualRows / 2)] : [.. members.Where((_, i) => i % 2 == 0)];
        foreach (var item in deleted) index.Delete(new ItemOrdinal(item));
        GraphChecker.AssertSound(index);
        Assert.Equal(0, index.Repair(TestContext.Current.CancellationToken));
        Assert.Equal([], Lost(index, rows));
        AssertAnswersWithEqualOnes(index, rows, equal);

        foreach (var item in deleted) index.Restore(new ItemOrdinal(item));
        GraphChecker.AssertSound(index);
        Assert.Equal(0, index.Repair(TestContext.Current.CancellationToken));
        Assert.Equal([], Lost(index, rows));
        AssertAnswersWithEqualOnes(index, rows, equal);
    }

    [Fact]
    public void Build_RowsThatHaveOneCodeButAreNotEqual_KeepTheirLinks()
    {
        // Nearer to each other than a code is wide, and none equals another.
        var random = new Random(7);
        var center = OfOneLength(1, seed: 8)[0];
        List<float[]> rows = [.. OfOneLength(3000, seed: 9)];
        for (var i = 0; i < 300; i++) rows[10 * i] = Array.ConvertAll(center, x => x + (1e-4f * (float)(random.NextDouble() - 0.5)));
        using var table = TestVectors.Table(rows, Dimension);
        using var index = Build(table, SimilarityMetric.Cosine);
        GraphChecker.AssertSound(index);
        var links = Enumerable.Range(0, 300).Average(i => index.Graph.Ground.LinkSpan(10 * i).Length);
        Assert.InRange(links, 8, 32);
    }

    private static HnswIndex Build(VectorTable table, SimilarityMetric metric) =>
        HnswIndex.Build(table, metric, new HnswOptions { BuildThreads = 2 }, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Live rows that do not find a row like them. By dot product too, as all are of one length.</summary>
    private static List<int> Lost(HnswIndex index, List<float[]> rows)
    {
        var lost = new List<int>();
        var results = new Neighbor[1];
        for (var item = 0; item < rows.Count; item++)
        {
            if (index.Deleted.Contains(item)) continue;
            index.Search(rows[item], new SearchParameters(1, 128), results, TestContext.Current.CancellationToken);
            if (rows[results[0].Item.Value] != rows[item]) lost.Add(item);
        }
        return lost;
    }

    private static void AssertAnswersWithEqualOnes(HnswIndex index, List<float[]> rows, float[] equal)
    {
        var results = new Neighbor[100];
        Assert.Equal(100, index.Search(equal, new SearchParameters(100, 128), results, TestContext.Current.CancellationToken));
        Assert.Equal(100, results.Count(neighbor => rows[neighbor.Item.Value] == equal));
        Assert.Equal(100, results.Select(neighbor => neighbor.Item).Distinct().Count());
    }

    private static (List<float[]> Rows, float[] Equal) RandomWithEqual(int seed)
    {
        var different = OfOneLength(RandomRows + 1, seed);
        var equal = different[^1];
        var rows = new List<float[]>([.. different[..^1], .. Enumerable.Repeat(equal, EqualRows)]);
        var order = new Random(seed);
        for (var i = rows.Count - 1; i > 0; i--)
        {
            var other = order.Next(i + 1);
            (rows[i], rows[other]) = (rows[other], rows[i]);
        }
        return (rows, equal);
    }

    private static List<float[]> OfOneLength(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var row = new float[Dimension];
            for (var i = 0; i < Dimension; i++) row[i] = (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
            var length = MathF.Sqrt(row.Sum(x => x * x));
            return Array.ConvertAll(row, x => x / length);
        })];
    }
}
