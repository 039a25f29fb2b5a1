using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Turns what a call throws into its status: what the caller can act on by <see cref="EngineErrors"/>, a cancelled call into CANCELLED or
/// DEADLINE_EXCEEDED, and anything else into INTERNAL, which names a line of the daemon's log and nothing of the inside.
/// </summary>
public sealed partial class ExceptionInterceptor(MessageSize messageSize, ILogger<ExceptionInterceptor> logger, TimeProvider time) : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            var answering = continuation(request, context);
            // Most recalls are answered without a wait, and are passed on as they are.
            return answering.IsCompletedSuccessfully ? answering : AwaitAsync(answering, context);
        }
        catch (Exception e)
        {
            return Task.FromException<TResponse>(StatusOf(e, context));
        }
    }

    /// <inheritdoc/>
    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            return await continuation(new CallerStream<TRequest>(requestStream), context);
        }
        catch (Exception e)
        {
            throw StatusOf(e, context);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e)
        {
            throw StatusOf(e, context);
        }
    }

    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            await continuation(new CallerStream<TRequest>(requestStream), responseStream, context);
        }
        catch (Exception e)
        {
            throw StatusOf(e, context);
        }
    }

    private async Task<TResponse> AwaitAsync<TResponse>(Task<TResponse> answering, ServerCallContext context)
    {
        try
        {
            return await answering;
        }
        catch (Exception e)
        {
            throw StatusOf(e, context);
        }
    }

    private RpcException StatusOf(Exception failure, ServerCallContext context)
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

    [LoggerMessage(1201, LogLevel.Error, "A call of {Method} failed unexpectedly, id {Id}.")]
    private partial void LogUnexpected(Exception exception, string method, string id);
}
