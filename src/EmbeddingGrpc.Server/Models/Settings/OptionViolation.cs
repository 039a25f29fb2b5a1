namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>What is wrong with one option.</summary>
/// <param name="Name">Its name, such as <c>Training.Dimension</c>.</param>
/// <param name="Description">What is wrong and what would be right.</param>
public readonly record struct OptionViolation(string Name, string Description);
