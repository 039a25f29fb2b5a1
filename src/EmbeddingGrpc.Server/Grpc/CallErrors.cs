using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// The status of a call that failed: what the caller can act on by <see cref="EngineErrors"/>, of a cancelled call CANCELLED or DEADLINE_EXCEEDED, and of anything else INTERNAL, which names
/// a line of the daemon's log and nothing of the inside. Thread-safe.
/// </summary>
public sealed partial class CallErrors(MessageSize messageSize, ILogger<CallErrors> logger, TimeProvider time)
{
    /// <summary>What a call answers, or its failure explained.</summary>
    /// <exception cref="RpcException">By <see cref="Of"/>.</exception>
    public Task<TResponse> ExplainAsync<TResponse>(Task<TResponse> answering, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(answering);
        // Most calls are answered without a wait, and are passed on as they are.
        return answering.IsCompletedSuccessfully ? answering : AwaitAsync(answering, context);
    }

    /// <summary>As above, of a call that streams its answers.</summary>
    /// <exception cref="RpcException">By <see cref="Of"/>.</exception>
    public async Task ExplainAsync(Task answering, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(answering);
        try
        {
            await answering;
        }
        catch (Exception e)
        {
            throw Of(e, context);
        }
    }

    /// <summary>The status of a failure; one that nobody can explain is logged.</summary>
    public RpcException Of(Exception failure, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // First, because a call that was given up fails in many ways: a reset stream, a cancelled wait, a closed response.
        if (context.CancellationToken.IsCancellationRequested)
        {
            return time.GetUtcNow() >= context.Deadline
                ? RpcErrors.DeadlineExceeded("The deadline passed before the call was done.")
                : RpcErrors.Cancelled("The caller gave the call up.");
        }

        if ((messageSize.Explain(failure) ?? MalformedMessage.Explain(failure) ?? EngineErrors.Of(failure)) is { } known) return known;
        var id = context.GetHttpContext().TraceIdentifier;
        LogUnexpected(failure, context.Method, id);
        return RpcErrors.Internal($"The daemon failed on this call; its log says why under id {id}.");
    }

    private async Task<TResponse> AwaitAsync<TResponse>(Task<TResponse> answering, ServerCallContext context)
    {
        try
        {
            return await answering;
        }
        catch (Exception e)
        {
            throw Of(e, context);
        }
    }

    [LoggerMessage(1201, LogLevel.Error, "A call of {Method} failed unexpectedly, id {Id}.")]
    private partial void LogUnexpected(Exception exception, string method, string id);
}
