using System.Diagnostics;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.EventService</c>.</summary>
public sealed class EventGrpcService(ModelRegistry models, EventIngest ingest) : EventService.EventServiceBase
{
    /// <inheritdoc/>
    public override async Task StreamEvents(
        IAsyncStreamReader<StreamEventsRequest> requestStream, IServerStreamWriter<StreamEventsResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(requestStream);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        ingest.RequireNotDraining();
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current is not { Start: { } start } first)
            throw RpcErrors.InvalidArgument("start", "is missing; the first request of a stream must carry it");

        var producer = EventIngest.ReadProducer(start.Producer, "start.producer");
        var model = models.GetForEvents(start.Model);
        // Known before anyone is fenced: a stream that may not start must not end another.
        _ = model.Log.DurableSequenceOf(producer);
        using var joined = ingest.Drain.Join();
        using var session = await ingest.Producers.EnterAsync(model.Log, producer, context.CancellationToken);
        using var open = ingest.Metrics.StreamOpened(model.Name);
        var started = await StartAsync(model.Log, session, context.CancellationToken);
        await responseStream.WriteAsync(started, context.CancellationToken);
        using var stream = new EventStream(ingest, model, session, context.CancellationToken);
        await stream.RunAsync(first, requestStream, responseStream, started);
    }

    /// <inheritdoc/>
    public override async Task<AppendEventsResponse> AppendEvents(AppendEventsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        if (request.Interactions.Count == 0) throw RpcErrors.InvalidArgument("interactions", "is empty; append at least one");
        EventIngest.RequireCount(request.Interactions.Count);
        var model = models.GetForEvents(request.Model);
        if (request.Producer is null)
        {
            var unnumbered = ReceivedBatch.Unnumbered(request.Interactions, ingest.Validator);
            return await AppendAsync(model, new AppendBatch(unnumbered.Interactions), unnumbered.Rejected, context.CancellationToken);
        }

        var producer = EventIngest.ReadProducer(request.Producer, "producer");
        var batch = ReceivedBatch.Numbered(request.Interactions, ingest.Validator, previousNumber: 0);
        _ = model.Log.DurableSequenceOf(producer);
        using var session = await ingest.Producers.EnterAsync(model.Log, producer, context.CancellationToken);
        var append = new AppendBatch(batch.Interactions, producer, batch.Numbers, batch.DoneThrough);
        return await AppendAsync(model, append, batch.Rejected, context.CancellationToken, session);
    }

    // An empty batch makes a new epoch durable, so that the older one stays fenced over a restart even if this stream sends nothing.
    private static async Task<StreamEventsResponse> StartAsync(InteractionLog log, ProducerSession session, CancellationToken cancellationToken)
    {
        var durable = log.DurableSequenceOf(session.Producer);
        if (durable == 0) await log.AppendAsync(new AppendBatch([], session.Producer), cancellationToken);
        return new StreamEventsResponse
        {
            Started = new StreamStarted { DurableSequence = durable },
            DurableSequence = durable,
            LogOffset = (ulong)log.DurableOffset.Value,
        };
    }

    private async Task<AppendEventsResponse> AppendAsync(
        ModelRuntime model, AppendBatch batch, List<RejectedInteraction>? rejected, CancellationToken cancellationToken, ProducerSession? session = null)
    {
        var received = Stopwatch.GetTimestamp();
        var result = await AppendToLogAsync(model, batch, session, cancellationToken);
        ingest.Metrics.Appended(model.Name, result, rejected?.Count ?? 0, received);
        var response = new AppendEventsResponse
        {
            DurableSequence = result.DurableSequence,
            LogOffset = (ulong)result.DurableOffset.Value,
            Appended = (uint)result.Appended,
            Duplicates = (uint)result.Duplicates,
        };
        if (rejected is not null) response.Rejected.AddRange(rejected);
        return response;
    }

    private async Task<AppendResult> AppendToLogAsync(ModelRuntime model, AppendBatch batch, ProducerSession? session, CancellationToken cancellationToken)
    {
        if (batch is { Interactions.Length: 0, DoneThrough: 0 })
            return new AppendResult(model.Log.DurableOffset, batch.Producer is { } producer ? model.Log.DurableSequenceOf(producer) : 0, 0, 0);
        var trace = BatchTrace.OfCall(model.Name, batch.Interactions.Length);
        try
        {
            var result = await (await EnqueueAsync(model.Log, batch, session, cancellationToken)).WaitAsync(cancellationToken);
            trace?.Durable(result, model.Applier);
            return result;
        }
        catch (Exception e)
        {
            trace?.Failed(e);
            throw;
        }
    }

    private async Task<Task<AppendResult>> EnqueueAsync(InteractionLog log, AppendBatch batch, ProducerSession? session, CancellationToken cancellationToken)
    {
        using var budget = new CancellationTokenSource(ingest.Options.AppendWaitBudget, ingest.Time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        if (session is not null && !session.TryBeginAppend()) throw EventIngest.Fenced(session.Producer);
        Task<AppendResult>? append = null;
        try
        {
            append = await log.EnqueueAsync(batch, waiting.Token);
            return append;
        }
        catch (OperationCanceledException) when (budget.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.ResourceExhausted(
                "APPEND_QUEUE_FULL",
                $"The disk, or what applies the log, is behind: no place before the log within {ingest.Options.AppendWaitBudget}. Nothing was appended; try again.",
                ingest.Options.AppendWaitBudget);
        }
        finally
        {
            if (session is not null) _ = EndAppendAsync(session, append);
        }
    }

    // The caller may leave before its batch is durable; the producer's next session must not begin before.
    private static async Task EndAppendAsync(ProducerSession session, Task<AppendResult>? append)
    {
        if (append is not null) await Task.WhenAny(append);
        session.EndAppend();
    }
}
