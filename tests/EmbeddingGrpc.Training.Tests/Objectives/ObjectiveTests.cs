using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests.Objectives;

/// <summary>Every objective: the reference against numerical gradients, the worker against the reference.</summary>
public sealed class ObjectiveTests
{
    private const int Dimension = 12;

    // No item stands twice in a window: how a repeated context is merged is the kernels' business and tested there.
    private static readonly int[] Session = [0, 3, 1, 4, 2, 5, 0, 1, 6];

    public static TheoryData<TrainingObjective, LabelTreatment> Objectives => new()
    {
        { TrainingObjective.SkipGramNegativeSampling, LabelTreatment.MultiHot },
        { TrainingObjective.CbowNegativeSampling, LabelTreatment.MultiHot },
        { TrainingObjective.SkipGramHierarchicalSoftmax, LabelTreatment.MultiHot },
        { TrainingObjective.CbowHierarchicalSoftmax, LabelTreatment.MultiHot },
        { TrainingObjective.SkipGramFullSoftmax, LabelTreatment.MultiHot },
        { TrainingObjective.SkipGramFullSoftmax, LabelTreatment.OneHotPairs },
    };

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Reference_Gradient_IsThatOfItsLoss(TrainingObjective objective, LabelTreatment treatment)
    {
        using var world = new World(objective, treatment, Session);
        var reference = world.Reference;
        for (int center = 0; center < Session.Length; center++)
        {
            foreach (var contexts in reference.Parts(reference.ContextsOf(Session, center)))
            {
                var (input, output) = reference.Gradient(Session[center], contexts);
                AssertDerivative(reference.Input, input, () => reference.Loss(Session[center], contexts));
                AssertDerivative(reference.Output, output, () => reference.Loss(Session[center], contexts));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Train_OneBlock_AgreesWithTheReference(TrainingObjective objective, LabelTreatment treatment)
    {
        // Two items leave a negative sample no choice but the one that is not the center, so that the reference knows it without drawing.
        int[] session = objective is TrainingObjective.SkipGramNegativeSampling or TrainingObjective.CbowNegativeSampling ? [0, 1] : Session;
        using var world = new World(objective, treatment, session);
        var before = world.Reference.Input.Select(row => row.ToArray()).ToArray();
        world.TrainBlock();
        world.Reference.Train(session);
        AssertNear(world.Reference.Input, world.Input, "W1");
        AssertNear(world.Reference.Output, world.Output, "W2");
        Assert.InRange(before.Zip(world.Reference.Input, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max(), 1e-3, 10);
    }

    private static void AssertDerivative(double[][] rows, double[][] gradient, Func<double> loss)
    {
        const double Epsilon = 1e-6;
        for (int row = 0; row < rows.Length; row++)
        {
            for (int k = 0; k < rows[row].Length; k++)
            {
                double at = rows[row][k];
                rows[row][k] = at + Epsilon;
                double above = loss();
                rows[row][k] = at - Epsilon;
                double below = loss();
                rows[row][k] = at;
                Assert.Equal((above - below) / (2 * Epsilon), gradient[row][k], 1e-7);
            }
        }
    }

    private static void AssertNear(double[][] expected, EmbeddingMatrix actual, string name)
    {
        for (int row = 0; row < expected.Length; row++)
        {
            for (int k = 0; k < Dimension; k++)
            {
                Assert.Equal(expected[row][k], actual[new ItemOrdinal(row)][k], 1e-5);
            }
        }

        Assert.Equal(expected.Length, actual.Rows);
        Assert.NotEmpty(name);
    }

    /// <summary>A corpus of one session, its matrices, the worker under test and the reference that starts from the same values.</summary>
    private sealed class World : IDisposable
    {
        private readonly AliasTable? _noise;
        private readonly TrainingWorker _worker;

        public World(TrainingObjective objective, LabelTreatment treatment, int[] session)
        {
            var options = new TrainingOptions
            {
                Objective = objective,
                LabelTreatment = treatment,
                Dimension = Dimension,
                Window = 2,
                WindowMode = WindowMode.Fixed,
                BackwardWeight = 0.5,
                LearningRate = 0.1,
                WeightDecay = 0.5,
                NegativeSamples = 1,
                NoiseExponent = 0,
            };

            // Falling counts give item "i" the ordinal i; the extra sessions have one item each and train nothing.
            var builder = new SessionBuilder(TimeSpan.FromDays(1));
            for (int at = 0; at < session.Length; at++)
            {
                builder.Add("u", $"i{session[at]}", at);
            }

            for (int item = 0; item <= session.Max(); item++)
            {
                for (int extra = 0; extra < 20 - (2 * item); extra++)
                {
                    builder.Add($"{item}-{extra}", $"i{item}", 0);
                }
            }

            var corpus = builder.Build(1, TestContext.Current.CancellationToken);
            var tree = new HuffmanTree(corpus.Vocabulary.Counts);
            bool hierarchical = objective is TrainingObjective.SkipGramHierarchicalSoftmax or TrainingObjective.CbowHierarchicalSoftmax;
            Input = Filled(corpus.Vocabulary.Count, seed: 1);
            Output = Filled(hierarchical ? tree.NodeCount : corpus.Vocabulary.Count, seed: 2);
            _noise = new AliasTable(NoiseWeights.For(corpus.Vocabulary.Counts, options));
            var subsampler = new Subsampler(corpus.Vocabulary, 0);
            ITargets targets = hierarchical ? new TreeTargets(tree) : new NegativeTargets(_noise, options.NegativeSamples);
            _worker = objective switch
            {
                TrainingObjective.SkipGramFullSoftmax => new FullSoftmaxWorker(corpus, options, subsampler, Input, Output),
                TrainingObjective.CbowNegativeSampling or TrainingObjective.CbowHierarchicalSoftmax =>
                    new CbowWorker(corpus, options, subsampler, targets, new PairBlock(Input, Output, 8, targets.MaximumCount)),
                _ => new SkipGramWorker(corpus, options, subsampler, targets, new PairBlock(Input, Output, SkipGramWorker.GroupContexts, targets.MaximumCount)),
            };
            Rate = (float)options.LearningRate;
            Reference = new ReferenceTrainer(options, Doubles(Input), Doubles(Output))
            {
                TargetsOf = hierarchical
                    ? center => [.. tree.TurnsTo(center).ToArray().Select(turn => (turn >> 1, 1.0 - (turn & 1)))]
                    : center => [(center, 1), ((center + 1) % 2, 0)],
            };
        }

        public EmbeddingMatrix Input { get; }

        public EmbeddingMatrix Output { get; }

        public ReferenceTrainer Reference { get; }

        private float Rate { get; }

        public void TrainBlock() => _worker.Train(new TrainingBlock(0, 0, 0, 1, Rate), new TrainingTally());

        public void Dispose()
        {
            _worker.Dispose();
            _noise?.Dispose();
            Input.Dispose();
            Output.Dispose();
        }

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
}
