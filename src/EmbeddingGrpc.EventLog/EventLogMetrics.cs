using System.Diagnostics.Metrics;

namespace EmbeddingGrpc.EventLog;

/// <summary>What all logs of the process count and time, under the meter <see cref="MeterName"/>.</summary>
public static class EventLogMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.EventLog";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Entries =
        Meter.CreateCounter<long>("embeddinggrpc.log.entries", "{entry}", "Entries made durable");

    private static readonly Counter<long> Duplicates =
        Meter.CreateCounter<long>("embeddinggrpc.log.duplicates", "{interaction}", "Interactions that were sent again and ignored");

    // Observed: so it is told as 0 from the first log on, whoever began to listen when. A counter that begins at 1 has not risen, and no alert would tell of the first.
    private static readonly ObservableCounter<long> Refused =
        Meter.CreateObservableCounter("embeddinggrpc.log.refused", () => Interlocked.Read(ref _refused), "{batch}", "Batches that the disk refused");

    private static readonly Counter<long> Written =
        Meter.CreateCounter<long>("embeddinggrpc.log.written", "By", "Bytes of groups written");

    private static readonly Histogram<int> GroupBatches =
        Meter.CreateHistogram<int>("embeddinggrpc.log.group.batches", "{batch}", "Batches that shared one commit");

    private static readonly Histogram<double> SyncDuration = Meter.CreateHistogram(
        "embeddinggrpc.log.sync.duration", "s", "What one fsync of the log took", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5] });

    private static long _refused;

    /// <summary>A log is open: failures are told as 0 from here on.</summary>
    internal static void Opened() => GC.KeepAlive(Refused);

    internal static void Committed(int batches, int entries, long duplicates)
    {
        GroupBatches.Record(batches);
        Entries.Add(entries);
        if (duplicates > 0) Duplicates.Add(duplicates);
    }

    internal static void DiskRefused(int batches) => Interlocked.Add(ref _refused, batches);

    internal static void GroupWritten(int bytes) => Written.Add(bytes);

    internal static void Synced(TimeSpan elapsed) => SyncDuration.Record(elapsed.TotalSeconds);
}
