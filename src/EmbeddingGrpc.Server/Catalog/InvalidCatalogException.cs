using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>Items for the catalogue are not what they should be. Nothing was changed.</summary>
public sealed class InvalidCatalogException(IReadOnlyList<Violation> violations)
    : Exception(string.Join("; ", violations.Select(violation => $"{violation.Field}: {violation.Reason}")))
{
    /// <summary>Every field at fault, as far as they were looked at.</summary>
    public IReadOnlyList<Violation> Violations { get; } = violations;
}
