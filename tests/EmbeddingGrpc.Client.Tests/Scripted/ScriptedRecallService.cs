using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Scripted;

internal sealed class ScriptedRecallService(DaemonScript script) : RecallService.RecallServiceBase
{
    public override Task<RecallResponse> Recall(RecallRequest request, ServerCallContext context) => Task.FromResult(script.OnRecall(request));

    public override Task<BatchRecallResponse> BatchRecall(BatchRecallRequest request, ServerCallContext context) =>
        Task.FromResult(script.OnBatchRecall(request));

    public override Task StreamRecall(
        IAsyncStreamReader<StreamRecallRequest> requestStream, IServerStreamWriter<StreamRecallResponse> responseStream, ServerCallContext context) =>
        script.OnStreamRecall(script.NextRecallStream(), requestStream, responseStream);
}
