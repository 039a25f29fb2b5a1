namespace EmbeddingGrpc.Numerics.Tests;

public sealed class AliasTableTests
{
    [Fact]
    public void Draw_FewWeights_FollowsTheDistribution() => AssertFollows([1000, 500, 300, 200, 100, 50, 20, 10, 5, 1], seed: 1);

    [Fact]
    public void Draw_EqualWeights_FollowsTheDistribution() => AssertFollows([.. Enumerable.Repeat(0.1, 37)], seed: 2);

    [Fact]
    public void Draw_ManySkewedWeights_FollowsTheDistribution() =>
        AssertFollows([.. Enumerable.Range(1, 1000).Select(rank => 1.0 / rank)], seed: 3);

    [Fact]
    public void Draw_OneWeight_IsAlwaysIt()
    {
        using var table = new AliasTable([3.5]);
        Assert.All(Draws(table, 1000, seed: 4), number => Assert.Equal(0, number));
    }

    [Fact]
    public void Draw_NoWeight_NeverComes()
    {
        using var table = new AliasTable([1, 0, 2, 0, 0]);
        Assert.All(Draws(table, 200_000, seed: 5), number => Assert.Contains(number, new[] { 0, 2 }));
    }

    [Fact]
    public void Draw_LengthsThatDiffer_Throws()
    {
        using var table = new AliasTable([1, 2]);
        Assert.Throws<ArgumentException>(() => table.Draw(new ulong[3], new int[2]));
    }

    [Fact]
    public void Draw_AfterDispose_Throws()
    {
        var table = new AliasTable([1, 2]);
        table.Dispose();
        table.Dispose();
        Assert.Throws<ObjectDisposedException>(() => table.Draw(new ulong[1], new int[1]));
        Assert.Throws<ObjectDisposedException>(() => table.Prefetch(new ulong[1]));
    }

    [Theory]
    [InlineData(new double[0])]
    [InlineData(new[] { 0.0, 0.0 })]
    [InlineData(new[] { double.NaN })]
    [InlineData(new[] { double.PositiveInfinity })]
    public void Constructor_WeightsThatCannotBeSampled_Throws(double[] weights) => Assert.Throws<ArgumentException>(() => new AliasTable(weights));

    /// <summary>Chi-squared test of a million draws: five standard deviations of the statistic, so that one seed in millions would fail.</summary>
    private static void AssertFollows(double[] weights, int seed)
    {
        const int Count = 1_000_000;
        using var table = new AliasTable([.. weights]);
        var observed = new long[weights.Length];
        foreach (int number in Draws(table, Count, seed))
        {
            observed[number]++;
        }

        double sum = weights.Sum(), statistic = 0;
        for (int number = 0; number < weights.Length; number++)
        {
            double expected = Count * weights[number] / sum;
            statistic += (observed[number] - expected) * (observed[number] - expected) / expected;
        }

        double freedom = weights.Length - 1;
        Assert.InRange(statistic, freedom - (5 * Math.Sqrt(2 * freedom)), freedom + (5 * Math.Sqrt(2 * freedom)));
    }

    private static int[] Draws(AliasTable table, int count, int seed)
    {
        var random = new Random(seed);
        var bits = new ulong[count];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(bits.AsSpan()));
        var drawn = new int[count];
        table.Prefetch(bits);
        table.Draw(bits, drawn);
        return drawn;
    }
}
