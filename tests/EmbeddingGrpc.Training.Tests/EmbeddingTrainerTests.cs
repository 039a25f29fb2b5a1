using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Tests;

namespace EmbeddingGrpc.Training.Tests;

public sealed class EmbeddingTrainerTests
{
    private static readonly TrainingOptions Small = new() { Dimension = 24, Epochs = 5, Threads = 1 };

    [Fact]
    public void Train_OneThreadAndASeed_ReproducesBitForBit()
    {
        var corpus = TestCorpus.Clusters(5, 20, 500, 10);
        using var first = Train(corpus, Small);
        using var second = Train(corpus, Small);
        Assert.Equal(Values(first.Input), Values(second.Input));
        Assert.Equal(Values(first.Output), Values(second.Output));
        using var other = Train(corpus, Small with { Seed = 43 });
        Assert.NotEqual(Values(first.Input), Values(other.Input));
    }

    [Theory]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 1, WindowMode.Shrinking, 0.0)]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 3, WindowMode.Shrinking, 0.0)]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 2, WindowMode.Fixed, 0.0)]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 2, WindowMode.Session, 0.0)]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 2, WindowMode.Shrinking, 0.01)]
    [InlineData(TrainingObjective.CbowNegativeSampling, 1, WindowMode.Shrinking, 0.0)]
    [InlineData(TrainingObjective.CbowNegativeSampling, 2, WindowMode.Session, 0.0)]
    [InlineData(TrainingObjective.SkipGramHierarchicalSoftmax, 1, WindowMode.Shrinking, 0.0)]
    [InlineData(TrainingObjective.SkipGramHierarchicalSoftmax, 2, WindowMode.Fixed, 0.0)]
    [InlineData(TrainingObjective.CbowHierarchicalSoftmax, 2, WindowMode.Shrinking, 0.0)]
    public void Train_PlantedClusters_AreRecovered(TrainingObjective objective, int threads, WindowMode mode, double subsample)
    {
        // Without wide registers everything takes ten times as long, and less of it shows the same.
        var corpus = TestCorpus.Clusters(8, 25, InstructionSetLeg.Width is null ? 2500 : 500, 12);
        using var trained = Train(corpus, Small with { Objective = objective, Threads = threads, WindowMode = mode, Subsample = subsample, Epochs = 10 });
        Assert.InRange(ClusterPurity(corpus, trained.Input), 0.95, 1.0);
        if (trained.HasItemOutputs)
        {
            Assert.InRange(ClusterPurity(corpus, trained.Output), 0.95, 1.0);
        }
    }

    [Theory]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 0)]
    [InlineData(TrainingObjective.CbowNegativeSampling, 12)]
    [InlineData(TrainingObjective.SkipGramHierarchicalSoftmax, 0)]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 20)]
    public void MatrixBytes_OfAnObjective_AreThoseOfTheMatrices(TrainingObjective objective, int maximumVocabulary)
    {
        var corpus = TestCorpus.Clusters(3, 10, 100, 8);
        var options = Small with { Objective = objective, MaximumVocabulary = maximumVocabulary, Epochs = 1 };
        using var trained = Train(corpus, options);
        Assert.Equal(trained.Input.SizeBytes + trained.Output.SizeBytes, EmbeddingTrainer.MatrixBytes(corpus.Vocabulary.Count, options));
    }

    [Theory]
    [InlineData(LabelTreatment.MultiHot)]
    [InlineData(LabelTreatment.OneHotPairs)]
    public void Train_FullSoftmax_LearnsWithBothLabelTreatments(LabelTreatment treatment)
    {
        var corpus = TestCorpus.Clusters(4, 15, 300, 8);
        using var trained = Train(corpus, Small with { Objective = TrainingObjective.SkipGramFullSoftmax, LabelTreatment = treatment, Epochs = 6, LearningRate = 0.5 });
        Assert.InRange(ClusterPurity(corpus, trained.Input), 0.9, 1.0);
    }

    [Fact]
    public void Train_HierarchicalSoftmax_RefusesOutputVectorsByName()
    {
        var corpus = TestCorpus.Clusters(3, 10, 100, 8);
        using var trained = Train(corpus, Small with { Objective = TrainingObjective.SkipGramHierarchicalSoftmax });
        Assert.Equal(corpus.Vocabulary.Count - 1, trained.Output.Rows);
        using var input = trained.Vectors(VectorSource.Input);
        Assert.Equal(corpus.Vocabulary.Count, input.Rows);
        foreach (var source in new[] { VectorSource.Output, VectorSource.Sum })
        {
            var error = Assert.Throws<InvalidOperationException>(() => trained.Vectors(source));
            Assert.Contains($"VectorSource {source} needs output vectors", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Vectors_Sum_IsW1PlusW2()
    {
        var corpus = TestCorpus.Clusters(3, 10, 100, 8);
        using var trained = Train(corpus, Small);
        using var sum = trained.Vectors(VectorSource.Sum);
        using var output = trained.Vectors(VectorSource.Output);
        Assert.Equal(Values(trained.Output), Values(output));
        Assert.Equal(Values(trained.Input).Zip(Values(trained.Output), (a, b) => a + b), Values(sum));
    }

    [Fact]
    public void Train_MaximumVocabulary_TrainsTheTailInSharedRows()
    {
        // 8 clusters of 25: the tail half of the items shares 40 rows.
        var corpus = TestCorpus.Clusters(8, 25, 2500, 12);
        using var trained = Train(corpus, Small with { MaximumVocabulary = 100, SharedRows = 60, NegativeSamples = 5 });
        Assert.Equal((160, 160), (trained.Input.Rows, trained.Output.Rows));
        using var vectors = trained.Vectors(VectorSource.Input);
        Assert.Equal(corpus.Vocabulary.Count, vectors.Rows);
        Assert.InRange(ClusterPurity(corpus, vectors), 0.75, 1.0);
    }

    [Fact]
    public void Train_Weights_CountAsMuchAsRepetition()
    {
        // x is seen with a at weight 9 and with b at weight 1: it must end nearer to a.
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        for (int i = 0; i < 400; i++)
        {
            builder.Add($"u{i}", "x", 0, i % 2 == 0 ? 9 : 1);
            builder.Add($"u{i}", i % 2 == 0 ? "a" : "b", 1, i % 2 == 0 ? 9 : 1);
        }

        var corpus = builder.Build(1, TestContext.Current.CancellationToken);
        Assert.True(corpus.HasWeights);
        using var trained = Train(corpus, Small with { LearningRate = 0.01, Epochs = 3 });
        Assert.InRange(Score(corpus, trained, "x", "a") - Score(corpus, trained, "x", "b"), 0.01, 100);
    }

    [Theory]
    [InlineData(LearningRateSchedule.Cosine)]
    [InlineData(LearningRateSchedule.Constant)]
    public void Train_OtherSchedules_RecoverPlantedClusters(LearningRateSchedule schedule)
    {
        var corpus = TestCorpus.Clusters(4, 20, 1000, 10);
        using var trained = Train(corpus, Small with { LearningRateSchedule = schedule });
        Assert.InRange(ClusterPurity(corpus, trained.Input), 0.95, 1.0);
    }

    [Fact]
    public void Train_Direction_TeachesWhatComesNext()
    {
        // a is always followed by b and preceded by c: W1 of a must score W2 of b above W2 of c; without direction they weigh the same.
        var corpus = TestCorpus.Of(string.Join('\n', Enumerable.Range(0, 300).Select(i => $"c{i % 3} a b{i % 3}")));
        using var directed = Train(corpus, Small with { Window = 1, BackwardWeight = 0, Epochs = 30 });
        Assert.InRange(Score(corpus, directed, "a", "b0") - Score(corpus, directed, "a", "c0"), 1, 100);
        using var both = Train(corpus, Small with { Window = 1, BackwardWeight = 1, Epochs = 30 });
        Assert.InRange(Math.Abs(Score(corpus, both, "a", "b0") - Score(corpus, both, "a", "c0")), 0, 0.5);
    }

    [Fact]
    public void Train_Progress_EndsAtOneWithEveryWordAndAFallingLoss()
    {
        var corpus = TestCorpus.Clusters(5, 20, 3000, 10);
        var reports = new Recorder();
        using var trained = EmbeddingTrainer.Train(corpus, Small with { Epochs = 20, WeightDecay = 0 }, reports, TestContext.Current.CancellationToken);
        Assert.Equal(corpus.WordCount * 20, trained.WordsTrained);
        Assert.Equal(1, reports.All[^1].Fraction);
        Assert.Equal(TimeSpan.Zero, reports.All[^1].Remaining);
        Assert.Equal(trained.FinalLoss, reports.All[^1].Loss);
        using var brief = Train(corpus, Small with { Epochs = 1, WeightDecay = 0 });
        Assert.InRange(trained.FinalLoss, 0, 0.9 * brief.FinalLoss);
    }

    [Fact]
    public void Train_CancelledOnTheWay_ThrowsFromTheCaller()
    {
        var corpus = TestCorpus.Clusters(5, 20, 3000, 10);
        using var cancellation = new CancellationTokenSource();
        var cancelAtFirstReport = new Recorder(_ => cancellation.Cancel());
        Assert.Throws<OperationCanceledException>(() =>
            EmbeddingTrainer.Train(corpus, Small with { Epochs = 10_000, Threads = 2 }, cancelAtFirstReport, cancellation.Token));
        Assert.InRange(cancelAtFirstReport.All[^1].Fraction, 0, 0.999);
    }

    [Fact]
    public void Train_NoSessionOfTwoItems_SaysThereIsNothingToLearn()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Train(TestCorpus.Of("a\nb\nc"), Small));
        Assert.Contains("none of the corpus's 3 sessions has two items", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a a")]
    [InlineData("a b")]
    public void Train_TinyVocabulary_EndsWithFiniteVectorsForEveryObjective(string line)
    {
        var corpus = TestCorpus.Of(line);
        foreach (var objective in Enum.GetValues<TrainingObjective>())
        {
            using var trained = Train(corpus, Small with { Objective = objective });
            Assert.DoesNotContain(Values(trained.Input).Concat(Values(trained.Output)), value => !float.IsFinite(value));
        }
    }

    private static TrainedEmbeddings Train(TrainingCorpus corpus, TrainingOptions options) =>
        EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);

    private static float[] Values(EmbeddingMatrix matrix) =>
        [.. Enumerable.Range(0, matrix.Rows).SelectMany(row => matrix[new ItemOrdinal(row)].ToArray())];

    private static double Score(TrainingCorpus corpus, TrainedEmbeddings trained, string input, string output)
    {
        Assert.True(corpus.Vocabulary.TryGetOrdinal(input, out var x));
        Assert.True(corpus.Vocabulary.TryGetOrdinal(output, out var y));
        return Dot(trained.Input[x], trained.Output[y]);
    }

    /// <summary>Share of each item's ten nearest, by cosine, that are of its own cluster.</summary>
    private static double ClusterPurity(TrainingCorpus corpus, EmbeddingMatrix vectors)
    {
        string[] clusters = [.. Enumerable.Range(0, vectors.Rows).Select(row => corpus.Vocabulary.IdOf(new ItemOrdinal(row)).Split('-')[0])];
        double hits = 0;
        for (int row = 0; row < vectors.Rows; row++)
        {
            var nearest = Enumerable.Range(0, vectors.Rows).Where(other => other != row)
                .OrderByDescending(other => Cosine(vectors[new ItemOrdinal(row)], vectors[new ItemOrdinal(other)])).Take(10);
            hits += nearest.Count(other => clusters[other] == clusters[row]);
        }

        return hits / (10 * vectors.Rows);
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int k = 0; k < a.Length; k++)
        {
            sum += (double)a[k] * b[k];
        }

        return sum;
    }

    private sealed class Recorder(Action<TrainingProgress>? onReport = null) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> All { get; } = [];

        public void Report(TrainingProgress value)
        {
            All.Add(value);
            onReport?.Invoke(value);
        }
    }
}
