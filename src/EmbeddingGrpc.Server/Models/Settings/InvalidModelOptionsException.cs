namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>Options of a model are unknown, out of bounds or contradict each other. Nothing was changed.</summary>
public sealed class InvalidModelOptionsException(IReadOnlyList<OptionViolation> violations)
    : Exception(string.Join("; ", violations.Select(violation => $"{violation.Name}: {violation.Description}")))
{
    /// <summary>Every option at fault.</summary>
    public IReadOnlyList<OptionViolation> Violations { get; } = violations;
}
