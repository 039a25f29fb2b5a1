using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests.Scripted;

internal sealed class ScriptedModelService(DaemonScript script) : ModelService.ModelServiceBase
{
    public override Task<GetModelResponse> GetModel(GetModelRequest request, ServerCallContext context) => Task.FromResult(script.OnGetModel(request));

    public override Task TrainModel(TrainModelRequest request, IServerStreamWriter<TrainModelResponse> responseStream, ServerCallContext context) =>
        script.OnTrain(responseStream);

    public override Task<CreateModelResponse> CreateModel(CreateModelRequest request, ServerCallContext context) => Task.FromResult(script.OnCreateModel(request));

    public override Task<UpdateModelResponse> UpdateModel(UpdateModelRequest request, ServerCallContext context) => Task.FromResult(script.OnUpdateModel(request));

    public override Task<ImportVectorsResponse> ImportVectors(IAsyncStreamReader<ImportVectorsRequest> requestStream, ServerCallContext context) =>
        script.OnImport(requestStream);

    public override Task ExportVectors(ExportVectorsRequest request, IServerStreamWriter<ExportVectorsResponse> responseStream, ServerCallContext context) =>
        script.OnExport(request, responseStream);
}
