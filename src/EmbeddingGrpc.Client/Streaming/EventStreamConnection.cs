using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>
/// One <c>StreamEvents</c> call: says who sends, hears what is durable already, then sends what follows it while reading acknowledgements. One sending
/// and one reading loop; both have ended when <see cref="RunAsync"/> has.
/// </summary>
internal sealed class EventStreamConnection(
    CallInvoker invoker,
    StreamStart start,
    SendBuffer buffer,
    WakeSignal workAvailable,
    TimeSpan startTimeout,
    Action<StreamEventsResponse> onResponse)
{
    private volatile bool _draining;

    /// <summary>Completes when the daemon ends the call without an error: after a half-close, or draining.</summary>
    /// <exception cref="RpcException">The call failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = invoker.AsyncDuplexStreamingCall(StreamEventsMethod.Instance, null, new CallOptions(cancellationToken: ending.Token));
        await StartAsync(call, ending, cancellationToken);

        var sending = SendAsync(call, ending.Token);
        try
        {
            while (await call.ResponseStream.MoveNext(ending.Token)) Receive(call.ResponseStream.Current);
        }
        catch (RpcException) when (sending is { IsFaulted: true, Exception.InnerException: var failure } && !IsEndOfCall(failure))
        {
            await sending;
            throw;
        }
        finally
        {
            await ending.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StartAsync(
        AsyncDuplexStreamingCall<EventBatch, StreamEventsResponse> call,
        CancellationTokenSource ending,
        CancellationToken cancellationToken)
    {
        ending.CancelAfter(startTimeout);
        try
        {
            await SendStartAsync(call, ending.Token);
            if (!await call.ResponseStream.MoveNext(ending.Token))
                throw new RpcException(new Status(StatusCode.Unavailable, "The daemon ended the stream before it started."));
        }
        catch (Exception) when (ending.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"No answer to the start of the stream within {startTimeout.TotalSeconds:0.#} s."));
        }
        ending.CancelAfter(Timeout.InfiniteTimeSpan);

        var first = call.ResponseStream.Current;
        if (first.Started is not { } started)
            throw new RpcException(new Status(StatusCode.Internal, "The first response does not carry 'started'; is another service listening there?"));
        buffer.Start(started.DurableSequence);
        Receive(first);
    }

    private async Task SendStartAsync(AsyncDuplexStreamingCall<EventBatch, StreamEventsResponse> call, CancellationToken ended)
    {
        try
        {
            await call.RequestStream.WriteAsync(EventBatch.OfStart(start), ended);
        }
        catch (Exception e) when (IsEndOfCall(e))
        {
            // A refusal that overtakes the write cancels it; the first read throws the refusal itself.
        }
    }

    private void Receive(StreamEventsResponse response)
    {
        onResponse(response);
        if (!response.Draining || _draining) return;
        _draining = true;
        workAvailable.Set();
    }

    private async Task SendAsync(AsyncDuplexStreamingCall<EventBatch, StreamEventsResponse> call, CancellationToken ended)
    {
        try
        {
            while (!_draining)
            {
                if (buffer.TryTake(out var batch, out var atEnd)) await call.RequestStream.WriteAsync(batch, ended);
                else if (atEnd) break;
                else await workAvailable.WaitAsync(ended);
            }
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (!IsEndOfCall(e))
        {
            // Ends the reading loop too: a stream that cannot send must not look alive.
            call.Dispose();
            throw;
        }
    }

    /// <summary>Whether a write failed because the call is over. Why it is over the reading loop learns from the call's status: it alone decides.</summary>
    private static bool IsEndOfCall(Exception? failure) =>
        failure is RpcException or InvalidOperationException or IOException or HttpRequestException or OperationCanceledException;
}
