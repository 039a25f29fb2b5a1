using HdrHistogram;

namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>Latencies to a thousandth, up to six minutes. Any number of threads.</summary>
internal sealed class LatencyRecord
{
    private readonly LongConcurrentHistogram _microseconds = new(1, TimeSpan.TicksPerHour / 10, 3);

    public long Count => _microseconds.TotalCount;

    public void Record(TimeSpan elapsed) => _microseconds.RecordValue(Math.Max(1, (long)elapsed.TotalMicroseconds));

    /// <returns>Milliseconds; 0 where nothing was recorded.</returns>
    public double Percentile(double percentile) => Count == 0 ? 0 : _microseconds.GetValueAtPercentile(percentile) / 1000.0;
}
