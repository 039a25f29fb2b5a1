using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Settings;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.ModelService</c>.</summary>
public sealed partial class ModelGrpcService(ModelRegistry registry, ModelAdministrator administrator, TimeProvider time) : ModelService.ModelServiceBase
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override async Task<CreateModelResponse> CreateModel(CreateModelRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var model = await administrator.CreateAsync(request.Model, request.EventsFrom, request.Options.ToDictionary(), context.CancellationToken);
        return new CreateModelResponse { Model = model.ToMessage() };
    }

    /// <inheritdoc/>
    public override Task<GetModelResponse> GetModel(GetModelRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.FromResult(new GetModelResponse { Model = registry.Get(request.Model).ToMessage() });
    }

    /// <inheritdoc/>
    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListModelsResponse { Models = { registry.Models.Select(model => model.ToMessage()) }, Unavailable = { registry.UnavailableMessages() } });

    /// <inheritdoc/>
    public override async Task<UpdateModelResponse> UpdateModel(UpdateModelRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var model = await administrator.UpdateAsync(request.Model, request.Options.ToDictionary(), request.ResetOptions, context.CancellationToken);
        return new UpdateModelResponse { Model = model.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<DeleteModelResponse> DeleteModel(DeleteModelRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        await administrator.DeleteAsync(request.Model, context.CancellationToken);
        return new DeleteModelResponse();
    }

    /// <inheritdoc/>
    public override Task<ListModelOptionsResponse> ListModelOptions(ListModelOptionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListModelOptionsResponse { Options = { OptionText.All.Select(option => option.ToMessage(administrator.Defaults)) } });

    /// <inheritdoc/>
    public override Task<ListGenerationsResponse> ListGenerations(ListGenerationsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        var model = registry.Get(request.Model);
        var stored = model.StoredGenerations();
        var serving = model.Generations.Serving?.Id;
        return Task.FromResult(new ListGenerationsResponse { Generations = { stored.Select(generation => generation.ToMessage(generation.Id == serving)) } });
    }

    /// <inheritdoc/>
    public override async Task TrainModel(TrainModelRequest request, IServerStreamWriter<TrainModelResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        var run = registry.Get(request.Model).Training.Start(request.Full);
        await foreach (var status in run.WatchAsync(ProgressInterval, time, context.CancellationToken))
        {
            await responseStream.WriteAsync(new TrainModelResponse { Progress = status.ToMessage() }, context.CancellationToken);
        }

        var outcome = await run.Completion;
        await responseStream.WriteAsync(new TrainModelResponse { Result = outcome.ToMessage() }, context.CancellationToken);
    }
}
