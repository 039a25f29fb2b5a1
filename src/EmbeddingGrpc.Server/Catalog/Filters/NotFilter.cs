namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>It does not hold.</summary>
/// <param name="Filter">The condition.</param>
public sealed record NotFilter(ItemFilter Filter) : ItemFilter;
