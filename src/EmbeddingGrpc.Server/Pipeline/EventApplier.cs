using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Reads what the log has made durable and applies it to item keys and user histories. One thread of its own for each model.</summary>
public sealed class EventApplier : IAsyncDisposable
{
    /// <summary>Starts applying from the beginning of the log.</summary>
    public EventApplier(InteractionLog log, ItemKeys items, UserHistories histories, ILogger<EventApplier> logger) => throw new NotImplementedException();

    /// <summary>Entries applied.</summary>
    public LogOffset AppliedOffset => throw new NotImplementedException();

    /// <summary>Waits until every entry before <paramref name="offset"/> is applied.</summary>
    public ValueTask WaitForAppliedAsync(LogOffset offset, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
