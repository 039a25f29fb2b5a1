using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog;

/// <summary>
/// Interactions on disk: append-only, one writer thread, group commit (one fsync for every batch that waited), readers wait-free.
/// After a failed fsync it refuses writes until it is opened again.
/// </summary>
public sealed class InteractionLog : IAsyncDisposable
{
    /// <summary>Entries that are on disk. Rises after each commit.</summary>
    public LogOffset DurableOffset => throw new NotImplementedException();

    /// <summary>Opens or creates the log in a directory and repairs a torn tail.</summary>
    /// <exception cref="LogCorruptException">A group before the tail is damaged; says which file and where.</exception>
    public static InteractionLog Open(string directory, EventLogOptions options, TimeProvider time, ILogger logger) => throw new NotImplementedException();

    /// <summary>Appends a batch and completes when it is durable. Numbers that are durable already are ignored.</summary>
    /// <exception cref="ProducerFencedException">A higher epoch of the producer is known.</exception>
    /// <exception cref="LogUnavailableException">The disk refused: nothing of the batch is acknowledged. Says why, and whether a retry may help.</exception>
    public ValueTask<AppendResult> AppendAsync(AppendBatch batch, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The highest durable number of a producer; 0 for one it does not know.</summary>
    /// <exception cref="ProducerFencedException">A higher epoch of the producer is known.</exception>
    public ulong DurableSequenceOf(ProducerId producer) => throw new NotImplementedException();

    /// <summary>Reads durable entries in <c>[from, to)</c>, in order. Memory is bounded by one group.</summary>
    public IEnumerable<LogEntry> Scan(LogOffset from, LogOffset to, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Waits until something at or after <paramref name="offset"/> is durable and returns the watermark.</summary>
    public ValueTask<LogOffset> WaitForDurableAsync(LogOffset offset, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Commits what is queued, then closes.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
