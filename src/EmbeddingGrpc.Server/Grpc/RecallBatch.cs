using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Admission;
using Google.Protobuf.Collections;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Answers <c>BatchRecall</c>: one pass over the queries, several at once, with one generation of each model and each distinct answer searched and
/// encoded once. Taken or refused as a whole. Thread-safe.
/// </summary>
public sealed class RecallBatch(RecallCall call, SearchGate gate, RecallOptions options)
{
    private const int MostRequests = 1000;

    /// <summary>Answers every request.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">INVALID_ARGUMENT: too few or too many requests. RESOURCE_EXHAUSTED: too much to do.</exception>
    public async Task<BatchRecallReply> AnswerAsync(RepeatedField<RecallRequest> requests, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requests);
        if (requests.Count is < 1 or > MostRequests)
            throw RpcErrors.InvalidArgument("requests", $"has {requests.Count} requests; must have 1..{MostRequests}");
        gate.RequireCapacity();

        using var generations = new BatchGenerations();
        var pass = new BatchPass(call, requests, generations, cancellationToken);
        return new BatchRecallReply(await pass.RunAsync(options.BatchParallelism == 0 ? Environment.ProcessorCount : options.BatchParallelism));
    }
}
