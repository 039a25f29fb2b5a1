namespace EmbeddingGrpc.Server.Models;

/// <summary>A model of this name is there already.</summary>
public sealed class ModelExistsException(string model)
    : Exception($"Model '{model}' exists already. Update it, or choose another name.")
{
    /// <summary>The name.</summary>
    public string Model { get; } = model;
}
