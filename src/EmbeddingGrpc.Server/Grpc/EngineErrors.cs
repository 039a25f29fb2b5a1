using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What the rooms throw, as gRPC errors: the one place that knows them all.</summary>
public static class EngineErrors
{
    private static readonly TimeSpan DiskRetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>The gRPC error that tells a failure to the caller; null for one that is not the caller's to know.</summary>
    public static RpcException? Of(Exception failure) => failure as RpcException ?? OfEvents(failure) ?? CatalogErrors.Of(failure) ?? ModelErrors.Translate(failure) ?? RecallErrors.Of(failure);

    private static RpcException? OfEvents(Exception failure) => failure switch
    {
        ProducerFencedException e => RpcErrors.Aborted(
            "PRODUCER_FENCED", $"{e.Message} Another process uses this producer's name with a newer epoch; give every process a producer name of its own."),
        LogUnavailableException { RetryMayHelp: true } e => RpcErrors.ResourceExhausted("LOG_FULL", e.Message, DiskRetryDelay),
        LogUnavailableException e => RpcErrors.Unavailable("LOG_UNAVAILABLE", e.Message),
        ApplierFailedException e => RpcErrors.Unavailable("APPLIER_FAILED", e.Message),
        _ => null,
    };
}
