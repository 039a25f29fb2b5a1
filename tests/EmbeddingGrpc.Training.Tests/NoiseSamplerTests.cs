namespace EmbeddingGrpc.Training.Tests;

public sealed class NoiseSamplerTests
{
    [Theory]
    [InlineData(0.75)]
    [InlineData(0.5)]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    [InlineData(2.0)]
    public void Draw_PowerOfCounts_FollowsTheDistribution(double exponent)
    {
        long[] counts = [1000, 500, 300, 200, 100, 50, 20, 10, 5, 1];
        double[] weights = NoiseSampler.PowerWeights(counts, exponent);
        Assert.Equal(Math.Pow(300, exponent), weights[2], 1e-9);
        AssertFollows(weights, seed: 1);
    }

    [Fact]
    public void Draw_OneItem_IsAlwaysIt() => AssertFollows([3.5], seed: 2);

    [Fact]
    public void Draw_ItemOfNoWeight_NeverComes()
    {
        var sampler = new NoiseSampler([1, 0, 2, 0, 0]);
        var random = new RandomSource(5);
        for (int i = 0; i < 200_000; i++)
        {
            Assert.Contains(sampler.Draw(ref random), new[] { 0, 2 });
        }
    }

    [Fact]
    public void Draw_ManySkewedItems_FollowsTheDistribution() =>
        AssertFollows([.. Enumerable.Range(1, 1000).Select(rank => 1.0 / rank)], seed: 3);

    [Theory]
    [InlineData(new double[0])]
    [InlineData(new[] { 0.0, 0.0 })]
    [InlineData(new[] { double.NaN })]
    [InlineData(new[] { double.PositiveInfinity })]
    public void Constructor_WeightsThatCannotBeSampled_Throws(double[] weights) =>
        Assert.Throws<ArgumentException>(() => new NoiseSampler(weights));

    /// <summary>Chi-squared test of a million draws: five standard deviations of the statistic, so that one seed in millions would fail.</summary>
    private static void AssertFollows(double[] weights, ulong seed)
    {
        const int Draws = 1_000_000;
        var sampler = new NoiseSampler(weights);
        var random = new RandomSource(seed);
        var observed = new long[weights.Length];
        for (int i = 0; i < Draws; i++)
        {
            observed[sampler.Draw(ref random)]++;
        }

        double sum = weights.Sum(), statistic = 0;
        for (int item = 0; item < weights.Length; item++)
        {
            double expected = Draws * weights[item] / sum;
            statistic += (observed[item] - expected) * (observed[item] - expected) / expected;
        }

        double freedom = weights.Length - 1;
        Assert.InRange(statistic, freedom - (5 * Math.Sqrt(2 * freedom)), freedom + (5 * Math.Sqrt(2 * freedom)) + 1e-9);
    }
}
