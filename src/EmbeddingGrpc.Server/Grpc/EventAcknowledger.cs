using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// The writing half of an event stream: tells the producer, in order, what is durable and what was refused. One response tells everything that
/// one fsync finished, so acknowledgements cost the less the more there is to acknowledge. One thread at a time.
/// </summary>
internal sealed class EventAcknowledger(
    ChannelReader<PendingAppend> pending, ProducerSession session, InFlightLimit inFlight, IngestMetrics metrics, ModelRuntime model)
{
    private readonly StreamEventsResponse _response = new();
    private ExceptionDispatchInfo? _failure;

    /// <summary>Runs until the channel is completed and everything in it is settled, then writes the final acknowledgement.</summary>
    /// <param name="responses">Where acknowledgements go.</param>
    /// <param name="durable">What the producer was told at the start.</param>
    /// <param name="onFailure">Called once, when an append or a write fails: nothing more should be received.</param>
    /// <remarks>After a failure nothing more is told, but everything on its way is still waited for, because it holds its places until then.</remarks>
    public async Task RunAsync(IServerStreamWriter<StreamEventsResponse> responses, StreamEventsResponse durable, Action onFailure)
    {
        (_response.DurableSequence, _response.LogOffset) = (durable.DurableSequence, durable.LogOffset);
        while (await pending.WaitToReadAsync())
        {
            _response.Rejected.Clear();
            await GatherAsync(onFailure);
            await WriteAsync(responses, onFailure);
        }

        _response.Rejected.Clear();
        await WriteAsync(responses, onFailure);
        _failure?.Throw();
    }

    private async Task GatherAsync(Action onFailure)
    {
        for (var gathered = 0; pending.TryPeek(out var next); gathered++)
        {
            var rejected = next.Rejected?.Count ?? 0;
            // One request's worth of refusals fits into a message that every client takes; two might not.
            var fits = _response.Rejected.Count + rejected <= IngestOptions.MaximumRequestInteractions;
            if (gathered > 0 && !(next.IsReady && fits)) return;
            pending.TryRead(out next);
            await SettleAsync(next, onFailure);
        }
    }

    private async Task SettleAsync(PendingAppend next, Action onFailure)
    {
        if (next.Append is null)
        {
            _response.Draining = true;
            return;
        }

        try
        {
            var result = await next.Append;
            metrics.Appended(model.Name, result, next.Rejected?.Count ?? 0, next.Received);
            next.Trace?.Durable(result, model.Applier);
            _response.DurableSequence = Math.Max(_response.DurableSequence, result.DurableSequence);
            _response.LogOffset = Math.Max(_response.LogOffset, (ulong)result.DurableOffset.Value);
            if (next.Rejected is not null) _response.Rejected.AddRange(next.Rejected);
        }
        catch (Exception e) when (e is LogUnavailableException or ProducerFencedException or ObjectDisposedException)
        {
            next.Trace?.Failed(e);
            Fail(e, onFailure);
        }
        finally
        {
            session.EndAppend();
            inFlight.Release(next.Interactions);
        }
    }

    private async Task WriteAsync(IServerStreamWriter<StreamEventsResponse> responses, Action onFailure)
    {
        if (_failure is not null) return;
        try
        {
            await responses.WriteAsync(_response);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or OperationCanceledException)
        {
            // The client is gone.
            Fail(e, onFailure);
        }
    }

    private void Fail(Exception failure, Action onFailure)
    {
        if (_failure is not null) return;
        _failure = ExceptionDispatchInfo.Capture(failure);
        onFailure();
    }
}
