namespace EmbeddingGrpc.Training.Tests;

public sealed class SubsamplerTests
{
    [Fact]
    public void Apply_NoThreshold_KeepsEverything()
    {
        var random = new RandomSource(1);
        int[] kept = new int[4];
        Assert.Equal(4, new Subsampler(TestCorpus.Of("a a b c").Vocabulary, 0).Apply([0, 1, 2, 0], ref random, kept));
        Assert.Equal([0, 1, 2, 0], kept);
    }

    [Fact]
    public void Apply_Threshold_KeepsEachItemWithWord2vecsProbability()
    {
        // Frequencies .7, .2, .1 under a threshold of .05.
        var corpus = TestCorpus.Of("a a a a a a a b b c");
        var subsampler = new Subsampler(corpus.Vocabulary, 0.05);
        double[] frequencies = [0.7, 0.2, 0.1];
        var random = new RandomSource(4);
        for (int item = 0; item < 3; item++)
        {
            int[] session = Enumerable.Repeat(item, 100_000).ToArray();
            int kept = subsampler.Apply(session, ref random, new int[session.Length]);
            double expected = Math.Min(1, (Math.Sqrt(frequencies[item] / 0.05) + 1) * 0.05 / frequencies[item]);
            Assert.Equal(expected, kept / 100_000.0, 0.01);
        }
    }

    [Fact]
    public void Apply_SomeDropped_KeepsTheOrder()
    {
        var corpus = TestCorpus.Of("a a a a a a a b b c");
        var random = new RandomSource(4);
        int[] session = [2, 0, 1, 0, 2, 0, 0, 1, 0, 2];
        int[] kept = new int[session.Length];
        int count = new Subsampler(corpus.Vocabulary, 0.01).Apply(session, ref random, kept);
        Assert.InRange(count, 1, session.Length - 1);
        int at = 0;
        foreach (int item in kept.Take(count))
        {
            at = Array.IndexOf(session, item, at) + 1;
            Assert.NotEqual(0, at);
        }
    }
}
