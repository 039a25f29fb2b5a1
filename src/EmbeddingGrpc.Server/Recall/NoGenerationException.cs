namespace EmbeddingGrpc.Server.Recall;

/// <summary>A model was asked before it has a generation.</summary>
public sealed class NoGenerationException(string model)
    : Exception($"Model '{model}' has no generation yet. Send interactions, then train it (ModelService.TrainModel, or: embedctl train --model {model}).")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;
}
