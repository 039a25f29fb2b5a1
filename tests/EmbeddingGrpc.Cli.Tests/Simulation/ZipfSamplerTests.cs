using EmbeddingGrpc.Cli.Simulation;

namespace EmbeddingGrpc.Cli.Tests.Simulation;

public sealed class ZipfSamplerTests
{
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    [InlineData(0.0)]
    public void Draw_ManyTimes_FollowsTheLaw(double exponent)
    {
        const int Count = 20;
        const int Draws = 200_000;
        var sampler = new ZipfSampler(Count, exponent);
        var random = new Random(1);
        var counts = new int[Count];
        for (var i = 0; i < Draws; i++) counts[sampler.Draw(random)]++;

        var weights = Enumerable.Range(1, Count).Select(rank => Math.Pow(rank, -exponent)).ToArray();
        // Chi squared with 19 degrees of freedom is above 43.8 once in a thousand; the seed is fixed.
        var chiSquared = counts.Zip(weights, (count, weight) => Math.Pow(count - (Draws * weight / weights.Sum()), 2) / (Draws * weight / weights.Sum())).Sum();
        Assert.True(chiSquared < 43.8, $"chi squared {chiSquared}");
    }
}
