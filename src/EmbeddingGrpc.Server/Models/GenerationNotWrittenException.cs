namespace EmbeddingGrpc.Server.Models;

/// <summary>A generation could not be made durable, so it does not serve; what served before goes on serving.</summary>
public sealed class GenerationNotWrittenException(string model, string directory, Exception innerException)
    : Exception($"A generation of model '{model}' could not be written to '{directory}': {innerException.Message}", innerException)
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;
}
