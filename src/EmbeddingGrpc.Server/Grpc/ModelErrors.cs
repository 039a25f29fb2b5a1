using EmbeddingGrpc.Server.Models;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What the models throw, as gRPC errors.</summary>
public static class ModelErrors
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Finds a model for a call; an empty name means the default one.</summary>
    /// <exception cref="RpcException">NOT_FOUND or UNAVAILABLE.</exception>
    public static ModelRuntime GetForCall(this ModelRegistry registry, string name)
    {
        ArgumentNullException.ThrowIfNull(registry);
        try
        {
            return registry.Get(name);
        }
        catch (Exception e) when (Translate(e) is { } error)
        {
            throw error;
        }
    }

    /// <summary>The gRPC error that says what the models threw; null for what is not theirs.</summary>
    public static RpcException? Translate(Exception exception) => exception switch
    {
        ModelNotFoundException e => RpcErrors.NotFound("model", e.Model, e.Message),
        ModelUnavailableException e => RpcErrors.Unavailable("MODEL_UNAVAILABLE", e.Message, RetryDelay),
        NothingToTrainException e => RpcErrors.FailedPrecondition("NOTHING_TO_TRAIN", e.Message),
        TrainingDivergedException e => RpcErrors.FailedPrecondition("TRAINING_DIVERGED", e.Message),
        TrainingStoppedException e => RpcErrors.Unavailable("TRAINING_STOPPED", e.Message, RetryDelay),
        GenerationNotWrittenException e => RpcErrors.Unavailable("GENERATION_NOT_WRITTEN", e.Message),
        OutOfMemoryException => RpcErrors.ResourceExhausted("OUT_OF_MEMORY", "The daemon has not enough memory for this.", RetryDelay),
        _ => null,
    };
}
