using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Scripted;

internal sealed class ScriptedEventService(DaemonScript script) : EventService.EventServiceBase
{
    public override Task StreamEvents(
        IAsyncStreamReader<StreamEventsRequest> requestStream, IServerStreamWriter<StreamEventsResponse> responseStream, ServerCallContext context) =>
        script.OnStream(script.NextStream(), new ScriptedStream(script.Store, requestStream, responseStream, context));

    public override Task<AppendEventsResponse> AppendEvents(AppendEventsRequest request, ServerCallContext context) =>
        Task.FromResult(script.OnAppend(request));
}
