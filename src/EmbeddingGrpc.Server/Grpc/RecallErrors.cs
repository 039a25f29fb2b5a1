using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Admission;
using EmbeddingGrpc.Server.Recall.Users;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What the recall rooms throw, as gRPC errors.</summary>
public static class RecallErrors
{
    /// <summary>The gRPC error of a failure; null for one that is not the caller's to know (it is a defect, and ends as UNKNOWN).</summary>
    public static RpcException? Of(Exception failure) => failure switch
    {
        RpcException already => already,
        ItemNotInGenerationException e => RpcErrors.NotFound("item", e.ItemId, e.Message),
        InvalidRecallQueryException e => RpcErrors.InvalidArgument(e.Field, e.Description),
        InvalidFilterException e => RpcErrors.InvalidArgument(e.Field, e.Description),
        UserNotFoundException e => RpcErrors.NotFound("user", e.UserId, e.Message),
        SimilarUsersOffException e => RpcErrors.FailedPrecondition("SIMILAR_USERS_OFF", e.Message),
        NoGenerationException e => RpcErrors.FailedPrecondition("NO_GENERATION", e.Message),
        RecallOverloadedException e => RpcErrors.ResourceExhausted("OVERLOADED", e.Message, e.RetryAfter),
        ApplierFailedException e => RpcErrors.Unavailable("APPLIER_FAILED", e.Message),
        ObjectDisposedException => RpcErrors.Unavailable("MODEL_CLOSED", "The model is being closed; call again when it is open."),
        _ => ModelErrors.Translate(failure),
    };
}
