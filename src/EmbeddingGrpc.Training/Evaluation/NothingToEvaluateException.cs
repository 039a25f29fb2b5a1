namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>The interactions leave nothing to ask for, or nothing to learn from. Says why and what to do.</summary>
public sealed class NothingToEvaluateException(string message) : Exception(message);
