using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.RecallService</c>: over gRPC by the methods that reply with encoded answers, over REST by those with messages.</summary>
/// <remarks>Explains its failures itself: around so short a call an interceptor is a fiftieth of its processor time.</remarks>
public sealed class RecallGrpcService(
    RecallCall call, RecallBatch batch, RecallStreaming stream, RecallEmbeddings embeddings, RecallSimilarUsers similarUsers, CallErrors errors) : RecallService.RecallServiceBase
{
    /// <inheritdoc/>
    public override async Task<RecallResponse> Recall(RecallRequest request, ServerCallContext context) => (await Reply(request, context)).ToResponse();

    /// <summary>The same as the bytes that go over the wire.</summary>
    public Task<RecallReply> Reply(RecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return errors.ExplainAsync(call.AnswerAsync(request, context.CancellationToken).AsTask(), context);
    }

    /// <inheritdoc/>
    public override async Task<BatchRecallResponse> BatchRecall(BatchRecallRequest request, ServerCallContext context) =>
        (await ReplyToBatch(request, context)).ToResponse();

    /// <summary>The same as the bytes that go over the wire.</summary>
    public Task<BatchRecallReply> ReplyToBatch(BatchRecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        return errors.ExplainAsync(batch.AnswerAsync(request.Requests, context.CancellationToken), context);
    }

    /// <summary>Answers a stream with the bytes that go over the wire.</summary>
    public Task ReplyToStream(IAsyncStreamReader<StreamRecallRequest> requests, IServerStreamWriter<StreamRecallReply> replies, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return errors.ExplainAsync(stream.RunAsync(new CallerStream<StreamRecallRequest>(requests), replies, context.CancellationToken), context);
    }

    /// <inheritdoc/>
    public override Task<GetEmbeddingsResponse> GetEmbeddings(GetEmbeddingsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return Task.FromResult(embeddings.Read(request, context.CancellationToken));
        }
        catch (Exception e)
        {
            throw errors.Of(e, context);
        }
    }

    /// <inheritdoc/>
    public override Task<SimilarUsersResponse> SimilarUsers(SimilarUsersRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return errors.ExplainAsync(similarUsers.FindAsync(request, context.CancellationToken), context);
    }
}
