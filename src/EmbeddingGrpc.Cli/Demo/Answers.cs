using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>Answers in the order of their questions, and how long each took to come.</summary>
internal sealed record Answers(IReadOnlyList<RecallResponse> Responses, IReadOnlyList<double> Milliseconds)
{
    /// <summary>How many came from a place.</summary>
    public int CountFrom(AnswerSource source) => Responses.Count(response => response.Source == source);

    /// <summary>The time within which this share of the calls was answered.</summary>
    /// <param name="share">0..1.</param>
    public double Percentile(double share)
    {
        if (Milliseconds.Count == 0) return 0;
        var sorted = Milliseconds.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }

    /// <summary>Median and 99th percentile, for people.</summary>
    public string Latency => $"p50 {Percentile(0.50):0.00} ms, p99 {Percentile(0.99):0.00} ms";
}
