using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>A stream as a producer holds it.</summary>
internal sealed class EventStreamCall(TestDaemon daemon) : IDisposable
{
    private readonly AsyncDuplexStreamingCall<StreamEventsRequest, StreamEventsResponse> _call =
        new EventService.EventServiceClient(daemon.Channel).StreamEvents(cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Opens a stream and reads the response to its start.</summary>
    public static async Task<(EventStreamCall Call, StreamEventsResponse Started)> StartAsync(TestDaemon daemon, StreamEventsRequest? start = null)
    {
        var call = new EventStreamCall(daemon);
        await call.SendAsync(start ?? Events.Start());
        return (call, await call.NextAsync());
    }

    /// <summary>Writes a request. Where the daemon has ended the call before, the reads throw why.</summary>
    public async Task SendAsync(StreamEventsRequest request)
    {
        try
        {
            await _call.RequestStream.WriteAsync(request, TestContext.Current.CancellationToken);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Its own error may be of the write that the end cancelled, not of what ended it.
        }
    }

    public Task HalfCloseAsync() => _call.RequestStream.CompleteAsync();

    public async Task<StreamEventsResponse> NextAsync()
    {
        Assert.True(await _call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "The stream ended where a response was expected.");
        return _call.ResponseStream.Current.Clone();
    }

    /// <summary>Reads until a response says that everything up to a number is durable.</summary>
    public async Task<List<StreamEventsResponse>> ReadThroughAsync(ulong number)
    {
        var responses = new List<StreamEventsResponse>();
        do responses.Add(await NextAsync());
        while (responses[^1].DurableSequence < number);
        return responses;
    }

    /// <summary>Reads what is left.</summary>
    public async Task<List<StreamEventsResponse>> ReadToEndAsync()
    {
        var responses = new List<StreamEventsResponse>();
        while (await _call.ResponseStream.MoveNext(TestContext.Current.CancellationToken)) responses.Add(_call.ResponseStream.Current.Clone());
        return responses;
    }

    /// <summary>Reads what is left and expects an error at the end.</summary>
    public Task<RpcException> ReadToErrorAsync() => Assert.ThrowsAsync<RpcException>(ReadToEndAsync);

    public void Dispose() => _call.Dispose();
}
