namespace EmbeddingGrpc.Training.Tests;

public sealed class TrainingOptionsTests
{
    public static TheoryData<TrainingOptions, string> Invalid => new()
    {
        { new() { Dimension = 1 }, "Dimension" },
        { new() { Dimension = 2000 }, "Dimension" },
        { new() { Window = 0 }, "Window" },
        { new() { NegativeSamples = 0 }, "NegativeSamples" },
        { new() { NoiseExponent = double.NaN }, "NoiseExponent" },
        { new() { Subsample = -1 }, "Subsample" },
        { new() { MinimumCount = 0 }, "MinimumCount" },
        { new() { Epochs = 0 }, "Epochs" },
        { new() { LearningRate = 0 }, "LearningRate" },
        { new() { BackwardWeight = 1.5 }, "BackwardWeight" },
        { new() { Threads = -1 }, "Threads" },
        { new() { Niceness = 20 }, "Niceness" },
        { new() { Objective = (TrainingObjective)99 }, "TrainingObjective 99 is none of SkipGramNegativeSampling" },
        { new() { WindowMode = (WindowMode)99 }, "WindowMode 99" },
        { new() { Noise = (NoiseDistribution)99 }, "NoiseDistribution 99" },
        { new() { MaximumVocabulary = 5, Objective = TrainingObjective.SkipGramHierarchicalSoftmax }, "needs an objective with negative sampling" },
    };

    [Fact]
    public void ThrowIfInvalid_DefaultsAndPreset_Passes()
    {
        new TrainingOptions().ThrowIfInvalid();
        TrainingOptions.Word2vec.ThrowIfInvalid();
        Assert.Equal((5, 0.75, 1e-3, 0.025), (TrainingOptions.Word2vec.NegativeSamples, TrainingOptions.Word2vec.NoiseExponent, TrainingOptions.Word2vec.Subsample, TrainingOptions.Word2vec.LearningRate));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Train_OptionOutOfRange_NamesIt(TrainingOptions options, string expected)
    {
        var error = Assert.Throws<ArgumentException>(() => EmbeddingTrainer.Train(TestCorpus.Of("a b"), options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
