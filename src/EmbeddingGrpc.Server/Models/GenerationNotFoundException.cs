namespace EmbeddingGrpc.Server.Models;

/// <summary>There is no such generation on disk.</summary>
public sealed class GenerationNotFoundException(string model, string generation, IEnumerable<string> known)
    : Exception($"Model '{model}' has no generation '{generation}' on disk. It has: {string.Join(", ", known.DefaultIfEmpty("none"))}.")
{
    /// <summary>What was asked for.</summary>
    public string Generation { get; } = generation;
}
