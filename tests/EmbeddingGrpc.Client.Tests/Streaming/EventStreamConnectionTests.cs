using EmbeddingGrpc.Client.Streaming;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Streaming;

public sealed class EventStreamConnectionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // What a client sees once in some hundred calls when the daemon refuses the stream before it has read from it.
    [Fact]
    public async Task RunAsync_RefusalOvertakesTheFirstWrite_ThrowsTheRefusal()
    {
        var refusal = new RpcException(new Status(StatusCode.NotFound, "Model 'x' does not exist."));
        var invoker = new OvertakenInvoker(new RpcException(new Status(StatusCode.Cancelled, "")), refusal);
        var buffer = new SendBuffer(10, 100, numberingKnown: true);
        var connection = new EventStreamConnection(invoker, new StreamStart(), buffer, new WakeSignal(), TimeSpan.FromMinutes(1), _ => { });

        var failure = await Assert.ThrowsAsync<RpcException>(() => connection.RunAsync(Cancellation));

        Assert.Same(refusal, failure);
    }

    private sealed class OvertakenInvoker(RpcException ofWrites, RpcException ofReads) : CallInvoker
    {
        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) => new(
            new Requests<TRequest>(ofWrites),
            new Responses<TResponse>(ofReads),
            Task.FromException<Metadata>(ofReads),
            () => ofReads.Status,
            () => ofReads.Trailers,
            () => { });

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            throw new NotSupportedException();

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();
    }

    private sealed class Requests<T>(RpcException failure) : IClientStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(T message) => Task.FromException(failure);

        public Task WriteAsync(T message, CancellationToken cancellationToken) => Task.FromException(failure);

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class Responses<T>(RpcException failure) : IAsyncStreamReader<T>
    {
        public T Current => throw new InvalidOperationException();

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromException<bool>(failure);
    }
}
