using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.ModelService</c>.</summary>
public sealed class ModelGrpcService(ModelRegistry registry, TimeProvider time) : ModelService.ModelServiceBase
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override Task<GetModelResponse> GetModel(GetModelRequest request, ServerCallContext context) =>
        Task.FromResult(new GetModelResponse { Model = registry.GetForCall(request.Model).ToMessage() });

    /// <inheritdoc/>
    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListModelsResponse { Models = { registry.Models.Select(model => model.ToMessage()) } });

    /// <inheritdoc/>
    public override Task<ListGenerationsResponse> ListGenerations(ListGenerationsRequest request, ServerCallContext context)
    {
        var model = registry.GetForCall(request.Model);
        var stored = model.StoredGenerations();
        var serving = model.Generations.Serving?.Id;
        return Task.FromResult(new ListGenerationsResponse { Generations = { stored.Select(generation => generation.ToMessage(generation.Id == serving)) } });
    }

    /// <inheritdoc/>
    public override async Task TrainModel(TrainModelRequest request, IServerStreamWriter<TrainModelResponse> responseStream, ServerCallContext context)
    {
        var model = registry.GetForCall(request.Model);
        try
        {
            var run = model.Training.Start();
            await foreach (var status in run.WatchAsync(ProgressInterval, time, context.CancellationToken))
            {
                await responseStream.WriteAsync(new TrainModelResponse { Progress = status.ToMessage() }, context.CancellationToken);
            }

            var outcome = await run.Completion;
            await responseStream.WriteAsync(new TrainModelResponse { Result = outcome.ToMessage() }, context.CancellationToken);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The watcher has gone; the training goes on.
        }
        catch (Exception e) when (ModelErrors.Translate(e) is { } error)
        {
            throw error;
        }
    }
}
