namespace EmbeddingGrpc.Server.Models;

/// <summary>A model cannot have this name.</summary>
public sealed class InvalidModelNameException(string name, string description)
    : Exception($"Model name '{name}' {description}.")
{
    /// <summary>What is wrong and what would be right.</summary>
    public string Description { get; } = description;
}
