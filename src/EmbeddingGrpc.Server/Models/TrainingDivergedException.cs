namespace EmbeddingGrpc.Server.Models;

/// <summary>A training ended in values that are not finite. Its vectors are thrown away.</summary>
public sealed class TrainingDivergedException(string model, double learningRate)
    : Exception($"The training of model '{model}' diverged: its vectors are not finite. Lower Training.LearningRate (now {learningRate}) and train again.")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;
}
