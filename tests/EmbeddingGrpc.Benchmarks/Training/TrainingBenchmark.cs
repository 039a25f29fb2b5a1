using BenchmarkDotNet.Attributes;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Benchmarks.Training;

/// <summary>One epoch over a world of 20,000 items in 200 topics and 500,000 interactions.</summary>
[SimpleJob(warmupCount: 1, iterationCount: 5)]
public class TrainingBenchmark
{
    private const int Items = 20_000;
    private const int Topics = 200;
    private const int Sessions = 25_000;
    private const int SessionLength = 20;

    private TrainingCorpus _corpus = null!;

    [Params(TrainingObjective.SkipGramNegativeSampling, TrainingObjective.CbowNegativeSampling, TrainingObjective.SkipGramHierarchicalSoftmax, TrainingObjective.CbowHierarchicalSoftmax)]
    public TrainingObjective Objective { get; set; }

    /// <summary>word2vec's settings, or the defaults, which have many more negatives.</summary>
    [Params(true, false)]
    public bool Word2vec { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        for (int session = 0; session < Sessions; session++)
        {
            int topic = random.Next(Topics);
            for (int time = 0; time < SessionLength; time++)
            {
                // Zipf's law by inversion: a rank is log-uniform.
                int rank = (int)Math.Pow(Items / Topics, random.NextDouble()) - 1;
                builder.Add($"u{session}", $"i{(rank * Topics) + topic}", time);
            }
        }

        _corpus = builder.Build(1);
    }

    [Benchmark]
    public double Epoch()
    {
        var preset = Word2vec ? TrainingOptions.Word2vec : new TrainingOptions();
        using var trained = EmbeddingTrainer.Train(_corpus, preset with { Objective = Objective, Epochs = 1, MinimumCount = 1, Threads = Threads });
        return trained.FinalLoss;
    }
}
