namespace EmbeddingGrpc.Server.Models;

/// <summary>A call named a model that does not exist.</summary>
public sealed class ModelNotFoundException(string model, IEnumerable<string> known)
    : Exception($"Model '{model}' does not exist. Known models: {string.Join(", ", known)}.")
{
    /// <summary>The name that was asked for.</summary>
    public string Model { get; } = model;
}
