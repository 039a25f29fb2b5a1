using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>One recall from its request to its encoded reply, with every failure as a gRPC error. Thread-safe.</summary>
public sealed partial class RecallCall(CachedRecall recall, RecallIds ids, RecallMetrics metrics, ILogger<RecallCall> logger)
{
    /// <summary>Answers a request.</summary>
    /// <exception cref="RpcException">What was wrong, in <c>google.rpc</c> details.</exception>
    public ValueTask<RecallReply> AnswerAsync(RecallRequest request, CancellationToken cancellationToken) => AnswerAsync(request, null, cancellationToken);

    /// <summary>Answers a request of a batch or a stream: what fails is its own outcome and nobody else's.</summary>
    /// <param name="request">The request; null for one that is missing.</param>
    /// <param name="batch">The batch; null for a stream, whose requests have nothing to do with each other.</param>
    /// <param name="cancellationToken">The whole call's.</param>
    /// <exception cref="OperationCanceledException">The whole call was given up.</exception>
    public async ValueTask<RecallOutcome> AnswerOneOfManyAsync(RecallRequest? request, BatchGenerations? batch, CancellationToken cancellationToken)
    {
        try
        {
            if (request is null) throw RpcErrors.InvalidArgument("request", "is missing; each message of a stream carries one");
            return new RecallOutcome(await AnswerAsync(request, batch, cancellationToken));
        }
        catch (RpcException e)
        {
            return new RecallOutcome(e);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var id = ids.Next();
            LogUnexpected(e, id);
            return new RecallOutcome(RpcErrors.Internal($"The daemon failed on this query; its log says why under id {id}."));
        }
    }

    private async ValueTask<RecallReply> AnswerAsync(RecallRequest request, BatchGenerations? batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var query = RecallRequestReader.Read(request);
        try
        {
            var minimum = new LogOffset((long)Math.Min(request.MinimumOffset, long.MaxValue));
            return new RecallReply(await recall.AnswerAsync(request.Model, query, minimum, batch, cancellationToken), ids.Next());
        }
        catch (Exception e) when (RecallErrors.Of(e) is { } error)
        {
            metrics.Failed(query.Subject.Kind, error.StatusCode.ToString());
            throw error;
        }
    }

    [LoggerMessage(1211, LogLevel.Error, "One query of a batch or a stream failed unexpectedly, id {Id}.")]
    private partial void LogUnexpected(Exception exception, string id);
}
