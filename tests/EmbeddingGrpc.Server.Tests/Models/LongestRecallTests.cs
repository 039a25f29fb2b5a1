using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class LongestRecallTests
{
    [Fact]
    public void Take_AfterSomeRecalls_IsTheLongestOfThoseSinceTheLastTime()
    {
        var recalls = new LongestRecall();
        Assert.Equal(TimeSpan.Zero, recalls.Take());

        foreach (var milliseconds in new[] { 3, 9, 1 }) recalls.Took(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(TimeSpan.FromMilliseconds(9), recalls.Take());

        recalls.Took(TimeSpan.FromMilliseconds(2));
        Assert.Equal(TimeSpan.FromMilliseconds(2), recalls.Take());
    }

    [Fact]
    public void Took_ManyThreadsAtOnce_LosesNotTheLongest()
    {
        var recalls = new LongestRecall();

        Parallel.For(1, 100_001, recall => recalls.Took(TimeSpan.FromTicks(recall)));

        Assert.Equal(TimeSpan.FromTicks(100_000), recalls.Take());
    }
}
