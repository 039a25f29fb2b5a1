namespace EmbeddingGrpc.Training.Tests;

public sealed class NoiseWeightsTests
{
    [Theory]
    [InlineData(0.75)]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    public void For_PowerOfCount_IsTheCountToTheExponent(double exponent)
    {
        double[] weights = NoiseWeights.For([100, 16, 1], new TrainingOptions { NoiseExponent = exponent });
        Assert.Equal([Math.Pow(100, exponent), Math.Pow(16, exponent), 1], weights);
    }

    [Fact]
    public void For_LogUniform_SumsToTheLogarithmOfTheItems()
    {
        double[] weights = NoiseWeights.For(new long[1000], new TrainingOptions { Noise = NoiseDistribution.LogUniform });
        Assert.Equal(Math.Log(1001), weights.Sum(), 1e-9);
        Assert.Equal(Math.Log(2), weights[0], 1e-12);
        Assert.All(weights.Zip(weights.Skip(1)), pair => Assert.True(pair.First > pair.Second));
    }
}
