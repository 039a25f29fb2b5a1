using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Turns what a call throws into its status, by <see cref="CallErrors"/>.</summary>
public sealed class ExceptionInterceptor(CallErrors errors) : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        try
        {
            return errors.ExplainAsync(continuation(request, context), context);
        }
        catch (Exception e)
        {
            return Task.FromException<TResponse>(errors.Of(e, context));
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
            throw errors.Of(e, context);
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
            throw errors.Of(e, context);
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
            throw errors.Of(e, context);
        }
    }
}
