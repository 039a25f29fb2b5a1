using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Tests.Recall.Blending;

public sealed class BlendFitTests
{
    private const int Candidates = 50;

    [Fact]
    public void Run_NothingToLearnFrom_IsThePrior() => Assert.Equal(BlendWeights.Default, Fit(new BlendExamples()));

    [Fact]
    public void Run_ChoicesMadeByKnownWeights_FindsThem()
    {
        var truth = new BlendWeights(1.5, 0.4, 0, 1, 3, 0.7);
        var found = Fit(Planted(truth, 4000));

        foreach (var (expected, actual) in truth.ToArray().Zip(found.ToArray())) Assert.Equal(expected, actual, 0.35);
        Assert.True(found.Connections < 0.2, $"{found}");
    }

    [Fact]
    public void Run_GraphIsUseless_ItsWeightsGoToZero()
    {
        var found = Fit(Planted(new BlendWeights(2, 0, 0, 0, 0, 0), 2000));

        Assert.InRange(found.Connections + found.Steps + found.Walks, 0, 0.1 * found.Embedding);
    }

    [Fact]
    public void Run_FewExamples_StaysNearThePrior()
    {
        var truth = new BlendWeights(0, 0, 0, 0, 8, 0);
        static double Distance(BlendWeights a, BlendWeights b) => Math.Sqrt(a.ToArray().Zip(b.ToArray(), (x, y) => (x - y) * (x - y)).Sum());

        var few = Distance(Fit(Planted(truth, 10)), BlendWeights.Default);
        var many = Distance(Fit(Planted(truth, 2000)), BlendWeights.Default);
        Assert.True(few < 0.5 * many, $"{few} of {many}");
    }

    [Fact]
    public void Run_SameExamples_SameWeights() => Assert.Equal(Fit(Planted(new BlendWeights(1, 1, 1, 1, 1, 1), 300)), Fit(Planted(new BlendWeights(1, 1, 1, 1, 1, 1), 300)));

    private static BlendWeights Fit(BlendExamples examples) => BlendFit.Run(examples, BlendWeights.Default, TestContext.Current.CancellationToken);

    /// <summary>Choices among random candidates, each as likely as its score under the weights says.</summary>
    private static BlendExamples Planted(BlendWeights weights, int count)
    {
        var random = new Random(5);
        var examples = new BlendExamples();
        var candidates = new BlendSignals[Candidates];
        for (var example = 0; example < count; example++)
        {
            var chances = new double[Candidates];
            for (var c = 0; c < Candidates; c++)
            {
                float Normal() => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
                candidates[c] = new BlendSignals(Normal(), Normal(), random.NextSingle(), random.NextSingle(), random.NextSingle(), random.NextSingle());
                chances[c] = Math.Exp(weights.Score(candidates[c]));
            }

            var left = random.NextDouble() * chances.Sum();
            var right = 0;
            while (right < Candidates - 1 && (left -= chances[right]) > 0) right++;
            examples.Add(candidates, right);
        }

        return examples;
    }
}
