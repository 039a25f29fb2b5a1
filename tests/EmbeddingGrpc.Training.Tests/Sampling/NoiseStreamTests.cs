using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class NoiseStreamTests
{
    [Fact]
    public void Next_AfterReset_DependsOnTheRandomNumbersAlone()
    {
        using var table = new AliasTable([5, 4, 3, 2, 1]);
        NoiseStream fresh = new(table), used = new(table);
        var other = new RandomSource(9);
        used.Reset(ref other);
        for (int i = 0; i < 77; i++)
        {
            used.Next(ref other);
        }

        RandomSource a = new(1), b = new(1);
        fresh.Reset(ref a);
        used.Reset(ref b);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(fresh.Next(ref a), used.Next(ref b));
        }
    }

    [Fact]
    public void Next_ManyTimes_FollowsTheWeights()
    {
        using var table = new AliasTable([4, 1, 5]);
        var stream = new NoiseStream(table);
        var random = new RandomSource(3);
        stream.Reset(ref random);
        var counts = new int[3];
        for (int i = 0; i < 100_000; i++)
        {
            counts[stream.Next(ref random)]++;
        }

        Assert.InRange(counts[0], 40_000 - 900, 40_000 + 900);
        Assert.InRange(counts[1], 10_000 - 600, 10_000 + 600);
    }
}
