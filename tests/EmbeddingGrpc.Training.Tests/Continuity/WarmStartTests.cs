using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class WarmStartTests
{
    private static readonly TrainingOptions Still = new() { Dimension = 16, Epochs = 1, Threads = 1, LearningRate = 1e-6, Smoothing = 0 };

    [Fact]
    public void Train_WarmStart_KeepsSharedRowsAndPlacesNewItemsInTheirCompany()
    {
        var corpus = TestCorpus.Clusters(4, 15, 600, 10);
        using var trained = EmbeddingTrainer.Train(corpus, Still with { LearningRate = 0.05, Epochs = 10 }, cancellationToken: TestContext.Current.CancellationToken);
        using VectorTable input = VectorTable.FromMatrix(trained.Vectors(VectorSource.Input)), output = VectorTable.FromMatrix(trained.Vectors(VectorSource.Output));

        // The same items in another order of counts, one new one between two of cluster 2, and one that stands alone.
        var later = TestCorpus.Of("2-0 new 2-1\n3-1 3-1 3-0 3-1\nalone");
        using var started = EmbeddingTrainer.Train(
            later, Still, new WarmStart(corpus.Vocabulary, input, output), null, TestContext.Current.CancellationToken);

        foreach (string id in new[] { "2-0", "2-1", "3-0", "3-1" })
        {
            Assert.Equal(input[Ordinal(corpus, id)].ToArray(), started.Input[Ordinal(later, id)].ToArray(), Near);
            Assert.Equal(output[Ordinal(corpus, id)].ToArray(), started.Output[Ordinal(later, id)].ToArray(), Near);
        }

        float[] mean = [.. input[Ordinal(corpus, "2-0")].ToArray().Zip(input[Ordinal(corpus, "2-1")].ToArray(), (a, b) => (a + b) / 2)];
        Assert.Equal(mean, started.Input[Ordinal(later, "new")].ToArray(), Near);
        Assert.All(started.Input[Ordinal(later, "alone")].ToArray(), value => Assert.InRange(Math.Abs(value), 0, (float)Still.InitialScale / 16));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Train_WarmStart_IsDoneWithTheTablesOnceItSaysSo(double maximumSeconds)
    {
        var corpus = TestCorpus.Clusters(4, 15, 600, 10);
        using var trained = EmbeddingTrainer.Train(corpus, Still with { LearningRate = 0.05, Epochs = 10 }, cancellationToken: TestContext.Current.CancellationToken);
        VectorTable input = VectorTable.FromMatrix(trained.Vectors(VectorSource.Input)), output = VectorTable.FromMatrix(trained.Vectors(VectorSource.Output));
        float[] known = input[Ordinal(corpus, "2-0")].ToArray();
        int told = 0;
        void Free()
        {
            told++;
            input.Dispose();
            output.Dispose();
        }

        using var started = EmbeddingTrainer.Train(
            corpus, Still with { MaximumSeconds = maximumSeconds }, new WarmStart(corpus.Vocabulary, input, output) { Copied = Free }, null, TestContext.Current.CancellationToken);

        Assert.Equal(1, told);
        Assert.Equal(known, started.Input[Ordinal(corpus, "2-0")].ToArray(), Near);
    }

    [Theory]
    [InlineData(true, 0.98, 1.0)]
    [InlineData(false, 0.0, 0.97)]
    public void Train_WarmStartsOneFromTheOther_SmoothOnceOnlyWhereTheyKnowOfIt(bool isSmoothed, double least, double most)
    {
        var corpus = TestCorpus.Clusters(10, 30, 300, 8);
        var options = Still with { Smoothing = 0.3 };
        var cancel = TestContext.Current.CancellationToken;
        var first = EmbeddingTrainer.Train(corpus, options with { LearningRate = 0.05 }, cancellationToken: cancel);
        Assert.True(first.IsSmoothed);
        using VectorTable input = VectorTable.FromMatrix(first.Input), output = VectorTable.FromMatrix(first.Output);
        var (lastInput, lastOutput) = (input, output);
        for (int start = 0; start < 4; start++)
        {
            var next = EmbeddingTrainer.Train(corpus, options, new WarmStart(corpus.Vocabulary, lastInput, lastOutput) { IsSmoothed = isSmoothed }, null, cancel);
            if (start > 0)
            {
                lastInput.Dispose();
                lastOutput.Dispose();
            }

            (lastInput, lastOutput) = (VectorTable.FromMatrix(next.Input), VectorTable.FromMatrix(next.Output));
        }

        using (lastInput)
        using (lastOutput)
        {
            Assert.InRange(MeanCosine(output, lastOutput), least, most);
        }
    }

    [Fact]
    public void Train_SelectionOfSessions_SmoothsOverAllOfThem()
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1)) { Selection = new SessionSelection(2, 5, 0, 1) };
        foreach (var (user, item) in new[] { ("old", "a"), ("old", "b"), ("new", "c"), ("new", "d") })
        {
            builder.Add(user, item, builder.Count);
        }

        var corpus = builder.Build(1, TestContext.Current.CancellationToken);
        using var plain = EmbeddingTrainer.Train(corpus, Still, cancellationToken: TestContext.Current.CancellationToken);
        using var smoothed = EmbeddingTrainer.Train(corpus, Still with { Smoothing = 0.5 }, cancellationToken: TestContext.Current.CancellationToken);

        // The session of a and b was not learned, and says what they have to do with each other all the same.
        Assert.Equal((1, 2), (corpus.SessionCount, corpus.Whole!.SessionCount));
        Assert.NotEqual(plain.Input[Ordinal(corpus, "a")].ToArray(), smoothed.Input[Ordinal(corpus, "a")].ToArray());
    }

    [Fact]
    public void Train_WarmStartOfAnotherDimension_SaysBoth()
    {
        var corpus = TestCorpus.Of("a b");
        using VectorTable input = VectorTable.FromMatrix(new EmbeddingMatrix(2, 8)), output = VectorTable.FromMatrix(new EmbeddingMatrix(2, 8));
        var error = Assert.Throws<ArgumentException>(() => EmbeddingTrainer.Train(
            corpus, Still, new WarmStart(corpus.Vocabulary, input, output), null, TestContext.Current.CancellationToken));
        Assert.Contains("dimension 16; the earlier generation's have 8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_WarmStartOfAHierarchicalSoftmax_IsRefusedByName()
    {
        var corpus = TestCorpus.Of("a b");
        using VectorTable input = VectorTable.FromMatrix(new EmbeddingMatrix(2, 16)), output = VectorTable.FromMatrix(new EmbeddingMatrix(2, 16));
        var options = Still with { Objective = TrainingObjective.CbowHierarchicalSoftmax };
        var error = Assert.Throws<ArgumentException>(() => EmbeddingTrainer.Train(
            corpus, options, new WarmStart(corpus.Vocabulary, input, output), null, TestContext.Current.CancellationToken));
        Assert.Contains("CbowHierarchicalSoftmax", error.Message, StringComparison.Ordinal);
    }

    private static double MeanCosine(VectorTable left, VectorTable right) => Enumerable.Range(0, left.Rows)
        .Average(row => (double)System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(left[new ItemOrdinal(row)], right[new ItemOrdinal(row)]));

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-4;

    private static ItemOrdinal Ordinal(TrainingCorpus corpus, string id)
    {
        Assert.True(corpus.Vocabulary.TryGetOrdinal(id, out var ordinal));
        return ordinal;
    }
}
