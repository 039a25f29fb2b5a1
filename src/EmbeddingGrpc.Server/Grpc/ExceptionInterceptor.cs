using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Turns what a call throws into its status, by <see cref="CallErrors"/>.</summary>
public sealed class ExceptionInterceptor(CallErrors errors) : Interceptor
{
    // The library calls what follows in asynchronous methods of its own: whatever fails is in the task.

    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return errors.ExplainAsync(continuation(request, context), context);
    }

    /// <inheritdoc/>
    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return errors.ExplainAsync(continuation(new CallerStream<TRequest>(requestStream), context), context);
    }

    /// <inheritdoc/>
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return errors.ExplainAsync(continuation(request, responseStream, context), context);
    }

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return errors.ExplainAsync(continuation(new CallerStream<TRequest>(requestStream), responseStream, context), context);
    }
}
