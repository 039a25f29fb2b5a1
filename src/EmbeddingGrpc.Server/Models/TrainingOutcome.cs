namespace EmbeddingGrpc.Server.Models;

/// <summary>What a training made.</summary>
/// <param name="Generation">The generation, which serves if <see cref="Serves"/>.</param>
/// <param name="Elapsed">From the start of the training until the generation served, or was kept.</param>
public sealed record TrainingOutcome(GenerationInfo Generation, TimeSpan Elapsed)
{
    /// <summary>Whether the generation took the place of the one before it; else it is kept on disk.</summary>
    public bool Serves => Generation.Promotion?.Serves is not false;
}
