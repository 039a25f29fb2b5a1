using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.RecallService</c>: over gRPC by the methods that reply with encoded answers, over REST by those with messages.</summary>
public sealed class RecallGrpcService(RecallCall call, RecallBatch batch, RecallStreaming stream, RecallEmbeddings embeddings, RecallSimilarUsers similarUsers) : RecallService.RecallServiceBase
{
    /// <inheritdoc/>
    public override async Task<RecallResponse> Recall(RecallRequest request, ServerCallContext context) => (await Reply(request, context)).ToResponse();

    /// <summary>The same as the bytes that go over the wire.</summary>
    public Task<RecallReply> Reply(RecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return call.AnswerAsync(request, context.CancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override async Task<BatchRecallResponse> BatchRecall(BatchRecallRequest request, ServerCallContext context) =>
        (await ReplyToBatch(request, context)).ToResponse();

    /// <summary>The same as the bytes that go over the wire.</summary>
    public async Task<BatchRecallReply> ReplyToBatch(BatchRecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return await batch.AnswerAsync(request.Requests, context.CancellationToken);
        }
        catch (Exception e) when (RecallErrors.Of(e) is { } error)
        {
            throw error;
        }
    }

    /// <summary>Answers a stream with the bytes that go over the wire.</summary>
    public Task ReplyToStream(IAsyncStreamReader<StreamRecallRequest> requests, IServerStreamWriter<StreamRecallReply> replies, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return stream.RunAsync(requests, replies, context.CancellationToken);
    }

    /// <inheritdoc/>
    public override Task<GetEmbeddingsResponse> GetEmbeddings(GetEmbeddingsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return Task.FromResult(embeddings.Read(request, context.CancellationToken));
        }
        catch (Exception e) when (RecallErrors.Of(e) is { } error)
        {
            throw error;
        }
    }

    /// <inheritdoc/>
    public override async Task<SimilarUsersResponse> SimilarUsers(SimilarUsersRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return await similarUsers.FindAsync(request, context.CancellationToken);
        }
        catch (Exception e) when (RecallErrors.Of(e) is { } error)
        {
            throw error;
        }
    }
}
