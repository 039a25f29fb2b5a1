using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// The way that <c>RecallService.Recall</c> goes over gRPC: replies leave as the bytes that the cache holds. <see cref="RecallGrpcService"/>
/// serves the same method where the message itself is wanted.
/// </summary>
public sealed class RecallReplyService(RecallCall call)
{
    /// <summary>Answers one query.</summary>
    public Task<RecallReply> Recall(RecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return call.AnswerAsync(request, context.CancellationToken).AsTask();
    }
}
