using EmbeddingGrpc.Cli.Demo;

namespace EmbeddingGrpc.Cli.Tests.Demo;

public sealed class DemoOutcomeTests
{
    [Theory]
    [InlineData(0.30, 0.10, 5, true)]
    [InlineData(0.14, 0.10, 5, false)] // not one and a half times as good
    [InlineData(0.02, 0.001, 5, false)] // twenty times as good, of nearly nothing
    [InlineData(0.30, 0.10, 0, false)] // Redis was never asked
    public void Failure_SaysWhatDoesNotConvince(double hit, double popularity, int redisHits, bool convinces) =>
        Assert.Equal(convinces, new DemoOutcome(hit, popularity, 0, redisHits, 1).Failure() is null);
}
