namespace EmbeddingGrpc.Server.Models;

/// <summary>A model exists but cannot serve: it could not be opened, or is not open yet.</summary>
public sealed class ModelUnavailableException(string model, string reason, Exception? innerException = null)
    : Exception($"Model '{model}' is not available: {reason}", innerException)
{
    /// <summary>The model that was asked for.</summary>
    public string Model { get; } = model;
}
