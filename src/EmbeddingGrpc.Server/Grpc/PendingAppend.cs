using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What a stream owes its producer an answer to.</summary>
/// <param name="Append">Completes when the batch is durable; null for the announcement that the daemon drains.</param>
/// <param name="Interactions">Places that it holds of the stream's limit.</param>
/// <param name="Rejected">Refused interactions of the request; null where none is.</param>
/// <param name="Received">When the request had been read, a timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
/// <param name="Trace">Its spans; null where it is not traced.</param>
internal readonly record struct PendingAppend(
    Task<AppendResult>? Append, int Interactions, List<RejectedInteraction>? Rejected, long Received, BatchTrace? Trace)
{
    /// <summary>Announces that the daemon drains.</summary>
    public static PendingAppend Draining => default;

    /// <summary>Whether it can be told without waiting.</summary>
    public bool IsReady => Append is null || Append.IsCompleted;
}
