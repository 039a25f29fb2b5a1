using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>One StreamEvents call, frame by frame, without the comforts of the client package: what is on the wire is what is tested.</summary>
internal sealed class EventStreamCall : IDisposable
{
    private readonly AsyncDuplexStreamingCall<StreamEventsRequest, StreamEventsResponse> _call;
    private readonly CancellationToken _cancellationToken;

    private EventStreamCall(AsyncDuplexStreamingCall<StreamEventsRequest, StreamEventsResponse> call, CancellationToken cancellationToken) =>
        (_call, _cancellationToken) = (call, cancellationToken);

    /// <summary>The producer's highest durable number when the stream began.</summary>
    public ulong StartedAt { get; private set; }

    /// <summary>The highest number that was acknowledged.</summary>
    public ulong Acknowledged { get; private set; }

    public bool Draining { get; private set; }

    public List<RejectedInteraction> Rejected { get; } = [];

    public static async Task<EventStreamCall> OpenAsync(DaemonProcess daemon, string producer, CancellationToken cancellationToken, ulong epoch = 1, string model = "")
    {
        var stream = new EventStreamCall(daemon.Events.StreamEvents(cancellationToken: cancellationToken), cancellationToken);
        await stream.WriteAsync(new StreamEventsRequest { Start = new StreamStart { Model = model, Producer = new Producer { Name = producer, Epoch = epoch } } });
        Assert.True(await stream.ReadAsync(), "The stream ended before it had started.");
        return stream;
    }

    public Task SendAsync(IEnumerable<Interaction> interactions) =>
        WriteAsync(new StreamEventsRequest { Interactions = { interactions } });

    /// <summary>Reads one response.</summary>
    /// <returns>False at the end of the stream.</returns>
    public async Task<bool> ReadAsync()
    {
        if (!await _call.ResponseStream.MoveNext(_cancellationToken)) return false;
        var response = _call.ResponseStream.Current;
        if (response.Started is { } started) StartedAt = started.DurableSequence;
        Acknowledged = Math.Max(Acknowledged, response.DurableSequence);
        Draining |= response.Draining;
        Rejected.AddRange(response.Rejected);
        return true;
    }

    /// <summary>Reads until a number is acknowledged.</summary>
    public async Task ReadUntilAcknowledgedAsync(ulong number)
    {
        while (Acknowledged < number) Assert.True(await ReadAsync(), $"The stream ended at {Acknowledged}, before {number} was acknowledged.");
    }

    /// <summary>Half-closes and reads to the end: the final acknowledgement included.</summary>
    public async Task FinishAsync()
    {
        await _call.RequestStream.CompleteAsync();
        while (await ReadAsync()) { }
    }

    public void Dispose() => _call.Dispose();

    private async Task WriteAsync(StreamEventsRequest request)
    {
        try
        {
            await _call.RequestStream.WriteAsync(request, _cancellationToken);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The daemon has ended the call; why it says to the reader.
        }
    }
}
