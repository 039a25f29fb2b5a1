using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.RecallService</c>.</summary>
public sealed class RecallGrpcService(RecallCall call, RecallEmbeddings embeddings, RecallOptions options) : RecallService.RecallServiceBase
{
    private const int MostBatchedRequests = 1000;

    /// <inheritdoc/>
    public override async Task<RecallResponse> Recall(RecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (await call.AnswerAsync(request, context.CancellationToken)).ToResponse();
    }

    /// <summary>The same as the bytes that go over the wire.</summary>
    public Task<RecallReply> Reply(RecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return call.AnswerAsync(request, context.CancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override async Task<BatchRecallResponse> BatchRecall(BatchRecallRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var requests = request.Requests;
        if (requests.Count is < 1 or > MostBatchedRequests)
            throw RpcErrors.InvalidArgument("requests", $"has {requests.Count} requests; must have 1..{MostBatchedRequests}");

        var results = new BatchRecallResult[requests.Count];
        var parallelism = options.BatchParallelism == 0 ? Environment.ProcessorCount : options.BatchParallelism;
        await Parallel.ForAsync(
            0,
            results.Length,
            new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = context.CancellationToken },
            async (i, cancellationToken) => results[i] = await AnswerInBatchAsync(requests[i], cancellationToken));
        return new BatchRecallResponse { Results = { results } };
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

    private async ValueTask<BatchRecallResult> AnswerInBatchAsync(RecallRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new BatchRecallResult { Response = (await call.AnswerAsync(request, cancellationToken)).ToResponse() };
        }
        catch (RpcException e)
        {
            return new BatchRecallResult { Error = new RecallError { Code = (int)e.StatusCode, Message = e.Status.Detail } };
        }
    }
}
