using System.Diagnostics.Metrics;

namespace EmbeddingGrpc.Training;

/// <summary>What the trainers of this process do, as metrics of the meter <c>EmbeddingGrpc.Training</c>. Thread-safe.</summary>
public static class TrainingMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Training";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Words = Meter.CreateCounter<long>(
        "embeddinggrpc.training.interactions", "{interaction}", "Interactions trained on, every epoch counted.");

    private static readonly Gauge<double> Speed = Meter.CreateGauge<double>(
        "embeddinggrpc.training.speed", "{interaction}/s", "Interactions trained on per second, over the last interval.");

    private static readonly Gauge<double> Loss = Meter.CreateGauge<double>(
        "embeddinggrpc.training.loss", "1", "Mean loss of a training pair, over the last interval.");

    internal static void Report(long words, double wordsPerSecond, double loss)
    {
        Words.Add(words);
        Speed.Record(wordsPerSecond);
        if (!double.IsNaN(loss))
        {
            Loss.Record(loss);
        }
    }
}
