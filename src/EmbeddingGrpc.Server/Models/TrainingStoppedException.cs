namespace EmbeddingGrpc.Server.Models;

/// <summary>A training was stopped because its model is being closed. What served goes on serving.</summary>
public sealed class TrainingStoppedException(string model)
    : Exception($"The training of model '{model}' was stopped: the daemon is shutting down or the model was deleted. Train again when it is back.")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;
}
