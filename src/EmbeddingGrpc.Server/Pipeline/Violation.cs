namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What is wrong with an interaction.</summary>
/// <param name="Field">The field at fault, named as in the proto.</param>
/// <param name="Reason">What is wrong, and what would be right.</param>
public readonly record struct Violation(string Field, string Reason);
