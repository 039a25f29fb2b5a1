namespace EmbeddingGrpc.Server.Models;

/// <summary>A model's log holds nothing that embeddings could be trained on. The message says what to do.</summary>
public sealed class NothingToTrainException(string model, string reason)
    : Exception($"Model '{model}' has nothing to train on: {reason}")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;
}
