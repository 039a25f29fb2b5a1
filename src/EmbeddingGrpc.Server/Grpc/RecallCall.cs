using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>One recall from its request to its encoded reply, with every failure as a gRPC error. Thread-safe.</summary>
public sealed class RecallCall(CachedRecall recall, RecallIds ids, RecallMetrics metrics)
{
    /// <summary>Answers a request.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">What was wrong, in <c>google.rpc</c> details.</exception>
    public async ValueTask<RecallReply> AnswerAsync(RecallRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var query = RecallRequestReader.Read(request);
        try
        {
            var minimum = new LogOffset((long)Math.Min(request.MinimumOffset, long.MaxValue));
            return new RecallReply(await recall.AnswerAsync(request.Model, query, minimum, cancellationToken), ids.Next());
        }
        catch (Exception e) when (RecallErrors.Of(e) is { } error)
        {
            metrics.Failed(query.Subject.Kind, error.StatusCode.ToString());
            throw error;
        }
    }
}
