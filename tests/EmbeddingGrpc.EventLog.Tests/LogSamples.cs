using System.Text;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.EventLog.Tests;

/// <summary>Logs and batches that the tests share.</summary>
internal static class LogSamples
{
    public const string LogDirectory = "/data/log";

    public static readonly ProducerId Producer = new("shop-7", 3);

    /// <summary>Segments as small as they may be.</summary>
    public static readonly EventLogOptions SmallSegments = new() { SegmentSizeBytes = 64 * 1024 };

    public static InteractionLog OpenLog(IFileSystem disk, EventLogOptions? options = null, TimeProvider? time = null, string directory = LogDirectory) =>
        InteractionLog.Open(
            directory,
            options ?? SmallSegments,
            time ?? TimeProvider.System,
            NullLogger.Instance,
            disk is SimulatedDisk simulated ? new SimulatedProcess(simulated) : disk);

    public static Interaction Sample(int i) => new(
        $"user-{i * 7919 % 101}",
        $"sku/{i * 104729 % 37}",
        (InteractionType)(i % 8),
        1_700_000_000_000 + i * 137L - i % 5 * 1000L,
        i % 3 == 0 ? 1f : 0.25f * (i % 11),
        i % 4 == 0 ? $"recall-{i / 8}" : null);

    public static IEnumerable<Interaction> Samples(int first, int count) => Enumerable.Range(first, count).Select(Sample);

    public static AppendBatch Batch(int first, int count) => new([.. Samples(first, count)]);

    /// <summary>Interactions whose numbers are <paramref name="first"/> and the ones after it.</summary>
    public static AppendBatch Numbered(ProducerId producer, int first, int count, ulong? doneThrough = null) => new(
        [.. Samples(first, count)],
        producer,
        [.. Enumerable.Range(first, count).Select(i => (ulong)i)],
        doneThrough ?? (ulong)(first + count - 1));

    /// <summary>Appends samples, each batch in a group of its own.</summary>
    public static async Task AppendSamplesAsync(InteractionLog log, int first, int count, int batch)
    {
        for (var i = first; i < first + count; i += batch)
            await log.AppendAsync(Batch(i, Math.Min(batch, first + count - i)), TestContext.Current.CancellationToken);
    }

    /// <summary>As <c>Assert.Equal</c>, which takes its time only where there is something to say.</summary>
    public static void AssertSame<T>(IEnumerable<T> expected, IEnumerable<T> actual)
    {
        var (left, right) = (expected.ToArray(), actual.ToArray());
        if (!left.AsSpan().SequenceEqual(right)) Assert.Equal(left, right);
    }

    public static Interaction[] ReadAll(InteractionLog log) =>
        [.. log.Scan(default, log.DurableOffset, TestContext.Current.CancellationToken).Select(entry => entry.Interaction)];

    /// <summary>What a batch holds, as single entries; without recall ids, which it does not tell.</summary>
    public static LogEntry[] EntriesOf(EntryBatch batch)
    {
        var entries = new List<LogEntry>();
        foreach (var row in batch.Rows)
        {
            var (user, item) = (Encoding.UTF8.GetString(batch.UserId(row.User)), Encoding.UTF8.GetString(batch.ItemId(row.Item)));
            entries.Add(new LogEntry(row.Offset, new Interaction(user, item, row.Type, row.EventTimeMs, row.Weight)));
        }
        var inserted = 0;
        foreach (var record in batch.Records) entries.Insert(record.Before + inserted++, new LogEntry(record.Offset, default, record.Record));
        return [.. entries];
    }

    public static LogEntry[] ReadAllEntries(InteractionLog log) => [.. log.ScanAll(default, log.DurableOffset, TestContext.Current.CancellationToken)];
}
