namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>The item is one of a list.</summary>
/// <param name="ItemIds">At least one; unknown ones are harmless.</param>
public sealed record OneOfItemsFilter(IReadOnlyList<string> ItemIds) : ItemFilter;
