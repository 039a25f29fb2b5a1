using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Scripted;

internal sealed class ScriptedModelService(DaemonScript script) : ModelService.ModelServiceBase
{
    public override Task<GetModelResponse> GetModel(GetModelRequest request, ServerCallContext context) => Task.FromResult(script.OnGetModel(request));

    public override Task TrainModel(TrainModelRequest request, IServerStreamWriter<TrainModelResponse> responseStream, ServerCallContext context) =>
        script.OnTrain(responseStream);
}
