using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.EventLog.Tests;

/// <summary>Logs and batches that the tests share.</summary>
internal static class LogSamples
{
    public static readonly ProducerId Producer = new("shop-7", 3);

    public static InteractionLog OpenLog(string directory, EventLogOptions? options = null) =>
        InteractionLog.Open(directory, options ?? new EventLogOptions(), TimeProvider.System, NullLogger.Instance);

    public static Interaction Sample(int i) => new(
        $"user-{i * 7919 % 101}",
        $"sku/{i * 104729 % 37}",
        (InteractionType)(i % 8),
        1_700_000_000_000 + i * 137L - i % 5 * 1000L,
        i % 3 == 0 ? 1f : 0.25f * (i % 11),
        i % 4 == 0 ? $"recall-{i / 8}" : null);

    public static AppendBatch Batch(int first, int count) => new([.. Enumerable.Range(first, count).Select(Sample)]);

    /// <summary>Interactions whose numbers are <paramref name="first"/> and the ones after it.</summary>
    public static AppendBatch Numbered(ProducerId producer, int first, int count, ulong? doneThrough = null) => new(
        [.. Enumerable.Range(first, count).Select(Sample)],
        producer,
        [.. Enumerable.Range(first, count).Select(i => (ulong)i)],
        doneThrough ?? (ulong)(first + count - 1));

    public static Interaction[] ReadAll(InteractionLog log) => [.. log.Scan(default, log.DurableOffset, TestContext.Current.CancellationToken).Select(entry => entry.Interaction)];
}
