namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>Every one holds; holds if there is none.</summary>
/// <param name="Filters">The conditions.</param>
public sealed record AllOfFilter(IReadOnlyList<ItemFilter> Filters) : ItemFilter;
