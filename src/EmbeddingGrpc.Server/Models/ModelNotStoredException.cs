namespace EmbeddingGrpc.Server.Models;

/// <summary>A change of a model could not be made durable, so it was not made.</summary>
public sealed class ModelNotStoredException(string model, Exception innerException)
    : Exception($"The change of model '{model}' could not be stored: {innerException.Message}", innerException)
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;
}
