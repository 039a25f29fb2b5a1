namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>At least one holds.</summary>
/// <param name="Filters">The conditions; at least one.</param>
public sealed record AnyOfFilter(IReadOnlyList<ItemFilter> Filters) : ItemFilter;
