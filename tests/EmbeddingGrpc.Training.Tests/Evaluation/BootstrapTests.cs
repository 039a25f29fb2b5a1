using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class BootstrapTests
{
    [Fact]
    public void Mean_NoValues_IsZero() => Assert.Equal(default, Bootstrap.Mean([], [], seed: 1));

    [Fact]
    public void Mean_EqualValues_HasNoWidth() => Assert.Equal(new Estimate(0.25, 0.25, 0.25), Bootstrap.Mean([0.25, 0.25, 0.25], [0, 1, 2], seed: 1));

    [Fact]
    public void Mean_IndependentUsers_HasTheWidthOfTheNormalApproximation()
    {
        const int users = 400;
        var random = new Random(3);
        double[] values = [.. Enumerable.Range(0, users).Select(_ => random.NextDouble() < 0.3 ? 1.0 : 0.0)];

        var estimate = Bootstrap.Mean(values, [.. Enumerable.Range(0, users)], seed: 1);

        var mean = values.Average();
        var error = Math.Sqrt(mean * (1 - mean) / users);
        Assert.Equal(mean, estimate.Value, 1e-12);
        Assert.InRange(estimate.Upper - estimate.Lower, 1.8 * 1.96 * error, 2.2 * 1.96 * error);
        Assert.InRange(mean, estimate.Lower, estimate.Upper);
    }

    [Fact]
    public void Mean_SameValuesOfFewUsers_IsLessSure()
    {
        const int queries = 400;
        int[] alone = [.. Enumerable.Range(0, queries)];
        int[] ofTen = [.. alone.Select(query => query / 40)];
        double[] values = [.. alone.Select(query => (query / 40) % 2 == 0 ? 1.0 : 0.0)];

        var sure = Bootstrap.Mean(values, alone, seed: 1);
        var unsure = Bootstrap.Mean(values, ofTen, seed: 1);

        Assert.Equal(sure.Value, unsure.Value);
        Assert.True(unsure.Upper - unsure.Lower > 3 * (sure.Upper - sure.Lower));
    }

    [Fact]
    public void Mean_SameSeed_IsTheSame() =>
        Assert.Equal(Bootstrap.Mean([0, 1, 1, 0, 1], [0, 1, 2, 3, 4], seed: 9), Bootstrap.Mean([0, 1, 1, 0, 1], [0, 1, 2, 3, 4], seed: 9));
}
