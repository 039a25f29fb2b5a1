namespace EmbeddingGrpc.Server.Models;

/// <summary>What a training made.</summary>
/// <param name="Generation">The generation, which serves.</param>
/// <param name="Elapsed">From the start of the training until the generation served.</param>
public sealed record TrainingOutcome(GenerationInfo Generation, TimeSpan Elapsed);
