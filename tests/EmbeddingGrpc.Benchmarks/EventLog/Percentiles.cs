namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>Of times in milliseconds.</summary>
internal readonly record struct Percentiles(double P50, double P99)
{
    public static Percentiles Of(List<double> times)
    {
        times.Sort();
        return new Percentiles(times[times.Count / 2], times[times.Count * 99 / 100]);
    }
}
