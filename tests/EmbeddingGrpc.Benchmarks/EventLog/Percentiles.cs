namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>Of times in milliseconds.</summary>
internal readonly record struct Percentiles(double P50, double P99)
{
    public static Percentiles Of(double[] times)
    {
        Array.Sort(times);
        return new Percentiles(times[times.Length / 2], times[times.Length * 99 / 100]);
    }
}
