using System.Diagnostics;
using System.Threading.Channels;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// One producer's stream: reads requests ahead of the disk up to a bound, so that several share an fsync, while <see cref="EventAcknowledger"/>
/// tells what is durable. When the bound is reached nothing is read, and HTTP/2 flow control holds the producer up.
/// </summary>
internal sealed class EventStream : IDisposable
{
    private readonly EventIngest _ingest;
    private readonly ModelRuntime _model;
    private readonly ProducerSession _session;
    private readonly CancellationTokenSource _stop;
    private readonly InFlightLimit _inFlight;
    private readonly Channel<PendingAppend> _pending =
        Channel.CreateUnbounded<PendingAppend>(new UnboundedChannelOptions { SingleReader = true });

    private ITimer? _drainTimer;
    private volatile bool _drainExpired;
    private ulong _previousNumber;

    public EventStream(EventIngest ingest, ModelRuntime model, ProducerSession session, CancellationToken cancelled)
    {
        (_ingest, _model, _session) = (ingest, model, session);
        _inFlight = new InFlightLimit(ingest.Options.StreamReadAhead);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled, session.Fenced);
    }

    /// <summary>Runs until the producer half-closes, is fenced, is drained out, or something fails.</summary>
    /// <param name="first">The first request, already read.</param>
    /// <param name="requests">What follows it.</param>
    /// <param name="responses">Where acknowledgements go.</param>
    /// <param name="started">The first response, already written.</param>
    public async Task RunAsync(
        StreamEventsRequest first, IAsyncStreamReader<StreamEventsRequest> requests, IServerStreamWriter<StreamEventsResponse> responses, StreamEventsResponse started)
    {
        await using var draining = _ingest.Drain.Begun.UnsafeRegister(static stream => ((EventStream)stream!).BeginDraining(), this);
        var acknowledger = new EventAcknowledger(_pending.Reader, _session, _inFlight, _ingest.Metrics, _model);
        var acknowledging = acknowledger.RunAsync(responses, started, _stop.Cancel);
        try
        {
            await ReceiveAsync(first, requests);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Why it was stopped is told below, after what was taken is acknowledged.
        }
        finally
        {
            _pending.Writer.Complete();
            await acknowledging;
        }

        if (_session.Fenced.IsCancellationRequested) throw EventIngest.Fenced(_session.Producer);
        if (_drainExpired) throw EventIngest.Draining();
        _stop.Token.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _drainTimer?.Dispose();
        _stop.Dispose();
    }

    private async Task ReceiveAsync(StreamEventsRequest first, IAsyncStreamReader<StreamEventsRequest> requests)
    {
        await SubmitAsync(first);
        while (await requests.MoveNext(_stop.Token))
        {
            var request = requests.Current;
            if (request.Start is not null) throw RpcErrors.InvalidArgument("start", "is set again; only the first request of a stream carries it");
            await SubmitAsync(request);
        }
    }

    private async ValueTask SubmitAsync(StreamEventsRequest request)
    {
        var count = request.Interactions.Count;
        if (count == 0) return;
        EventIngest.RequireCount(count);
        var received = Stopwatch.GetTimestamp();
        var trace = BatchTrace.OfStream(request.Traceparent, _model.Name, count);
        try
        {
            await SubmitAsync(request, received, trace);
        }
        catch (Exception e)
        {
            trace?.Failed(e);
            throw;
        }
    }

    private async ValueTask SubmitAsync(StreamEventsRequest request, long received, BatchTrace? trace)
    {
        var count = request.Interactions.Count;
        var batch = ReceivedBatch.Numbered(request.Interactions, _ingest.Validator, _previousNumber);
        await _inFlight.AcquireAsync(count, _stop.Token);
        if (!_session.TryBeginAppend()) throw EventIngest.Fenced(_session.Producer);
        try
        {
            var append = batch.IsEmpty ? Task.FromResult(default(AppendResult)) : await EnqueueAsync(batch);
            _pending.Writer.TryWrite(new PendingAppend(append, count, batch.Rejected, received, trace));
            _previousNumber = Math.Max(_previousNumber, batch.DoneThrough);
        }
        catch
        {
            _session.EndAppend();
            throw;
        }
    }

    private ValueTask<Task<AppendResult>> EnqueueAsync(ReceivedBatch batch) => _model.Log.EnqueueAsync(
        new AppendBatch(batch.Interactions, _session.Producer, batch.Numbers, batch.DoneThrough) { Follows = _previousNumber }, _stop.Token);

    private void BeginDraining()
    {
        _pending.Writer.TryWrite(PendingAppend.Draining);
        _drainTimer = _ingest.Time.CreateTimer(
            static stream =>
            {
                ((EventStream)stream!)._drainExpired = true;
                ((EventStream)stream!)._stop.Cancel();
            },
            this,
            _ingest.Options.DrainTimeout,
            Timeout.InfiniteTimeSpan);
    }
}
