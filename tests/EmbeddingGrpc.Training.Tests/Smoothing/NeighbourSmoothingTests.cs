using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests.Smoothing;

public sealed class NeighbourSmoothingTests
{
    // Two slices, the second one short.
    private const int Dimension = 21;

    private static readonly TrainingOptions Options = new() { Dimension = Dimension, BackwardWeight = 0.25, Smoothing = 0.4 };

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(8, true)]
    public void Apply_BothTables_AgreesWithTheReference(int threads, bool weighted)
    {
        var corpus = Corpus(weighted);
        using var input = Filled(corpus.Vocabulary.Count, 1);
        using var output = Filled(corpus.Vocabulary.Count, 2);
        double[][] w1 = Doubles(input), w2 = Doubles(output);
        var expectedOutput = Reference(corpus, w2, w1, fromAfter: 0.25);
        var expectedInput = Reference(corpus, w1, w1, fromAfter: 1);
        Smooth(corpus, Options, corpus.Vocabulary.Count, threads, input, output);
        AssertNear(expectedOutput, output);
        AssertNear(expectedInput, input);
    }

    [Fact]
    public void TakeBack_OfWhatWasSmoothed_IsNearlyWhatItWas()
    {
        var corpus = TestCorpus.Clusters(10, 30, 300, 8);
        var options = Options with { Smoothing = 0.3 };
        int items = corpus.Vocabulary.Count;
        using var input = Filled(items, 1);
        using var output = Filled(items, 2);
        double[][] w1 = Doubles(input), w2 = Doubles(output);
        Smooth(corpus, options, items, 1, input, output);
        double smoothed = MeanCosine(w1, Doubles(input)), smoothedOutput = MeanCosine(w2, Doubles(output));

        new NeighbourSmoothing(corpus, options, items, 2, TestContext.Current.CancellationToken).TakeBack(input, output);

        Assert.InRange(1 - MeanCosine(w1, Doubles(input)), 0, 0.25 * (1 - smoothed));
        Assert.InRange(1 - MeanCosine(w2, Doubles(output)), 0, 0.25 * (1 - smoothedOutput));
    }

    [Fact]
    public void Apply_AnyItem_KeepsItsLength()
    {
        var corpus = Corpus(weighted: false);
        using var input = Filled(corpus.Vocabulary.Count, 1);
        double[] before = [.. Doubles(input).Select(Length)];
        Smooth(corpus, Options, corpus.Vocabulary.Count, 1, input, null);
        double[] after = [.. Doubles(input).Select(Length)];
        for (int item = 0; item < before.Length; item++)
        {
            Assert.Equal(before[item], after[item], 1e-5);
        }
    }

    [Fact]
    public void Apply_ItemsThatShareRows_LeavesTheirRowsAlone()
    {
        var corpus = Corpus(weighted: false);
        int direct = corpus.Vocabulary.Count / 2;
        using var input = Filled(corpus.Vocabulary.Count, 1);
        double[][] before = Doubles(input);
        Smooth(corpus, Options, direct, 1, input, null);
        double[][] after = Doubles(input);
        Assert.Equal(before[direct..], after[direct..]);
        Assert.NotEqual(before[0], after[0]);
    }

    [Fact]
    public void Apply_Cancelled_Throws()
    {
        var corpus = Corpus(weighted: false);
        using var input = Filled(corpus.Vocabulary.Count, 1);
        var smoothing = new NeighbourSmoothing(corpus, Options, corpus.Vocabulary.Count, 1, new CancellationToken(canceled: true));
        Assert.ThrowsAny<OperationCanceledException>(() => smoothing.Apply(input, null));
    }

    [Fact]
    public void Train_RareItemsOfClusters_AreNearerToTheirOwnWithSmoothing()
    {
        // Hardly an epoch: most rows are still what they started from.
        var corpus = TestCorpus.Clusters(10, 60, 300, 8);
        var options = new TrainingOptions { Dimension = 32, Epochs = 1, Threads = 1 };
        Assert.InRange(Purity(corpus, options with { Smoothing = 0.5 }) - Purity(corpus, options with { Smoothing = 0 }), 0.04, 1);
    }

    [Fact]
    public void Train_HierarchicalSoftmax_LeavesTheTreeNodesAlone()
    {
        var corpus = TestCorpus.Clusters(3, 10, 100, 8);
        var options = new TrainingOptions { Dimension = 24, Epochs = 2, Threads = 1, Objective = TrainingObjective.SkipGramHierarchicalSoftmax };
        using var plain = Train(corpus, options with { Smoothing = 0 });
        using var smooth = Train(corpus, options with { Smoothing = 0.5 });
        Assert.Equal(Doubles(plain.Output), Doubles(smooth.Output));
        Assert.NotEqual(Doubles(plain.Input), Doubles(smooth.Input));
    }

    private static void Smooth(TrainingCorpus corpus, TrainingOptions options, int items, int threads, EmbeddingMatrix input, EmbeddingMatrix? output) =>
        new NeighbourSmoothing(corpus, options, items, threads, TestContext.Current.CancellationToken).Apply(input, output);

    private static TrainedEmbeddings Train(TrainingCorpus corpus, TrainingOptions options) =>
        EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>The same as it is defined: dense, in double precision.</summary>
    private static double[][] Reference(TrainingCorpus corpus, double[][] target, double[][] source, double fromAfter)
    {
        int items = target.Length;
        var follows = new double[items, items];
        for (int index = 0; index < corpus.SessionCount; index++)
        {
            var session = corpus.Session(index);
            for (int at = 1; at < session.Length; at++)
            {
                double weight = corpus.HasWeights ? Math.Sqrt((double)corpus.Weights(index)[at - 1] * (double)corpus.Weights(index)[at]) : 1;
                follows[session[at - 1], session[at]] += session[at - 1] == session[at] ? 0 : weight;
            }
        }

        return
        [
            .. Enumerable.Range(0, items).Select(item =>
            {
                var sum = new double[Dimension];
                for (int near = 0; near < items; near++)
                {
                    double degree = Enumerable.Range(0, items).Sum(other => follows[near, other] + follows[other, near]);
                    double weight = degree == 0 ? 0 : (follows[near, item] + (fromAfter * follows[item, near])) / (Math.Sqrt(degree) * Length(source[near]));
                    for (int k = 0; k < Dimension; k++)
                    {
                        sum[k] += weight * source[near][k];
                    }
                }

                double length = Length(target[item]), sumLength = Length(sum);
                double[] turned = [.. target[item].Select((value, k) => value + (sumLength == 0 ? 0 : Options.Smoothing * length * sum[k] / sumLength))];
                return turned.Select(value => value * length / Length(turned)).ToArray();
            }),
        ];
    }

    private static TrainingCorpus Corpus(bool weighted)
    {
        var random = new Random(3);
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        for (int user = 0; user < 40; user++)
        {
            for (int at = 0; at < 6; at++)
            {
                builder.Add($"u{user}", $"i{random.Next(1 + random.Next(14))}", at, weighted ? 1 + random.Next(3) : 1);
            }
        }

        // One that stands alone has no neighbour.
        builder.Add("alone", "lonely", 0);
        return builder.Build(1);
    }

    private static double Purity(TrainingCorpus corpus, TrainingOptions options)
    {
        using var trained = Train(corpus, options);
        double[][] rows = [.. Doubles(trained.Input).Select(row => row.Select(value => value / Length(row)).ToArray())];
        string[] clusters = [.. Enumerable.Range(0, rows.Length).Select(item => corpus.Vocabulary.IdOf(new ItemOrdinal(item)).Split('-')[0])];
        return Enumerable.Range(0, rows.Length).Average(item => Enumerable.Range(0, rows.Length)
            .Where(other => other != item)
            .OrderByDescending(other => rows[item].Zip(rows[other], (x, y) => x * y).Sum())
            .Take(10)
            .Average(other => clusters[other] == clusters[item] ? 1.0 : 0));
    }

    private static void AssertNear(double[][] expected, EmbeddingMatrix actual)
    {
        Assert.Equal(expected.Length, actual.Rows);
        for (int row = 0; row < expected.Length; row++)
        {
            for (int k = 0; k < Dimension; k++)
            {
                Assert.Equal(expected[row][k], actual[new ItemOrdinal(row)][k], 1e-5);
            }
        }
    }

    private static double MeanCosine(double[][] left, double[][] right) =>
        left.Zip(right, (a, b) => a.Zip(b, (x, y) => x * y).Sum() / (Length(a) * Length(b))).Average();

    private static double Length(double[] row) => Math.Sqrt(row.Sum(value => value * value));

    private static double[][] Doubles(EmbeddingMatrix matrix) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(row => matrix[new ItemOrdinal(row)].ToArray().Select(value => (double)value).ToArray())];

    private static EmbeddingMatrix Filled(int rows, int seed)
    {
        var random = new Random(seed);
        var matrix = new EmbeddingMatrix(rows, Dimension);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix[new ItemOrdinal(row)])
            {
                value = random.NextSingle() - 0.5f;
            }
        }

        return matrix;
    }
}
