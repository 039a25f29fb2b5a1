using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class EarlyStopTests
{
    [Theory]
    [InlineData(new[] { 0.1, 0.2, 0.3, 0.35, 0.36 }, 1)]
    [InlineData(new[] { 0.1, 0.2, 0.37, 0.36, 0.35 }, 1)]
    [InlineData(new[] { 0.1, 0.4, 0.3, 0.2, 0.15 }, 0.4)]
    [InlineData(new[] { 0.4, 0.3, 0.2 }, 0.2)]
    public void BestShare_Scores_IsOneUnlessAnEarlierPartIsClearlyBetter(double[] scores, double expected) =>
        Assert.Equal(expected, new EarlyStop(scores).BestShare, 1e-9);

    [Theory]
    [InlineData(new[] { 0.4, 0.2 }, false)]
    [InlineData(new[] { 0.4, 0.2, 0.39 }, false)]
    [InlineData(new[] { 0.4, 0.2, 0.2 }, true)]
    [InlineData(new[] { 0.1, 0.2, 0.3, 0.35 }, false)]
    public void IsHopeless_Scores_NeedsTwoPartsThatAreWorse(double[] scores, bool expected) => Assert.Equal(expected, new EarlyStop(scores).IsHopeless);

    [Fact]
    public void Of_SmallCorpus_HoldsNothingOut() => Assert.Null(ValidationSlice.Of(TestCorpus.Clusters(4, 20, 300, 8), 1));

    [Fact]
    public void Of_LargeCorpus_HoldsOutTheLastItemOfAFewSessionsByLot()
    {
        var corpus = TestCorpus.Clusters(8, 200, 3000, 8);
        var slice = ValidationSlice.Of(corpus, 1)!;
        int[] heldOut = [.. Enumerable.Range(0, corpus.SessionCount).Where(index => slice.Learned(index, corpus.Session(index)).Length < corpus.Session(index).Length)];
        Assert.Equal(ValidationSlice.Queries, heldOut.Length);
        Assert.All(heldOut, index => Assert.Equal(corpus.Session(index)[..^1], slice.Learned(index, corpus.Session(index))));
        // From everywhere, not from the front.
        Assert.InRange(heldOut.Average(), 0.4 * corpus.SessionCount, 0.6 * corpus.SessionCount);
    }

    [Fact]
    public void Score_TrainedVectors_IsAboveThatOfRandomOnesWhateverTheThreads()
    {
        var corpus = TestCorpus.Clusters(8, 60, 3000, 8);
        var slice = ValidationSlice.Of(corpus, 1)!;
        var options = new TrainingOptions { Dimension = 16, Epochs = 5, Threads = 1 };
        using var trained = EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);
        using var random = EmbeddingTrainer.Train(corpus, options with { Epochs = 1, LearningRate = 1e-6, Smoothing = 0 }, cancellationToken: TestContext.Current.CancellationToken);
        double score = slice.Score(trained.Input, trained.Output, 1, 0);
        Assert.Equal(score, slice.Score(trained.Input, trained.Output, 3, 0), 1e-12);
        Assert.InRange(score - slice.Score(random.Input, random.Output, 1, 0), 0.02, 1);
    }

    [Fact]
    public void Train_MoreEpochsDoHarm_TrainsEverythingWithFewer()
    {
        // What is popular is all there is to learn, the sessions can be learned by heart all the same, and nothing is done against that.
        var corpus = Noise();
        var options = new TrainingOptions
        {
            Dimension = 32,
            Epochs = 60,
            NegativeSamples = 11,
            LearningRate = 0.15,
            LearningRateSchedule = LearningRateSchedule.Constant,
            WeightDecay = 0,
            Smoothing = 0,
            Threads = 1,
        };
        using var trained = EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(trained.BestEpochs!.Value, 1, 48);
        Assert.Equal(trained.BestEpochs.Value, trained.Trade.Epochs, 1e-6);
        using var again = EmbeddingTrainer.Train(
            corpus, options with { Epochs = trained.BestEpochs.Value, EarlyStopping = false }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Values(again.Input), Values(trained.Input));
        Assert.Null(again.BestEpochs);
    }

    [Fact]
    public void Train_EpochsDoNoHarm_KeepsAllOfThem()
    {
        var corpus = TestCorpus.Clusters(8, 60, 3000, 8);
        var options = new TrainingOptions { Dimension = 16, Epochs = 10, Threads = 1 };
        using var trained = EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Null(trained.BestEpochs);
        Assert.Equal(10, trained.Trade.Epochs, 1e-6);
        Assert.False(trained.Trade.GaveUp);
    }

    /// <summary>Sessions of items by Zipf's law, that have nothing to do with each other.</summary>
    private static TrainingCorpus Noise()
    {
        const int Items = 600;
        var random = new Random(4);
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        for (int user = 0; user < 2500; user++)
        {
            for (int at = 0; at < 4; at++)
            {
                builder.Add($"u{user}", $"i{(int)Math.Pow(Items, random.NextDouble())}", at);
            }
        }

        return builder.Build(1);
    }

    private static float[] Values(EmbeddingMatrix matrix) => [.. Enumerable.Range(0, matrix.Rows).SelectMany(row => matrix[new ItemOrdinal(row)].ToArray())];
}
