namespace EmbeddingGrpc.Training.Tests;

public sealed class RandomSourceTests
{
    [Fact]
    public void Next_SameSeedAndStream_Repeats()
    {
        RandomSource a = RandomSource.For(7, 3), b = RandomSource.For(7, 3);
        Assert.Equal(Enumerable.Range(0, 100).Select(_ => a.Next()), Enumerable.Range(0, 100).Select(_ => b.Next()));
    }

    [Fact]
    public void Next_OtherSeedOrStream_Differs()
    {
        var firsts = new HashSet<ulong>();
        for (ulong seed = 0; seed < 30; seed++)
        {
            for (ulong stream = 0; stream < 30; stream++)
            {
                var random = RandomSource.For(seed, stream);
                Assert.True(firsts.Add(random.Next()));
            }
        }
    }

    [Fact]
    public void Next_EveryBit_IsSetHalfOfTheTime()
    {
        var random = new RandomSource(1);
        var set = new int[64];
        for (int i = 0; i < 100_000; i++)
        {
            ulong value = random.Next();
            for (int bit = 0; bit < 64; bit++)
            {
                set[bit] += (int)(value >> bit) & 1;
            }
        }

        // Six standard deviations: sqrt(100000) / 2 is 158.
        Assert.All(set, count => Assert.InRange(count, 50_000 - 950, 50_000 + 950));
    }

    [Fact]
    public void Next_Bound_IsUniformAndBelowIt()
    {
        var random = new RandomSource(2);
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.Next(7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 10_000 - 560, 10_000 + 560));
    }

    [Fact]
    public void NextSingle_Always_IsInTheUnitInterval()
    {
        var random = new RandomSource(3);
        double sum = 0;
        for (int i = 0; i < 100_000; i++)
        {
            float value = random.NextSingle();
            Assert.InRange(value, 0f, 0.99999999f);
            sum += value;
        }

        Assert.Equal(0.5, sum / 100_000, 0.006);
    }
}
