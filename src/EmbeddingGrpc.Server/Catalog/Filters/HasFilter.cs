namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>The item has an attribute.</summary>
/// <param name="Attribute">Its name.</param>
public sealed record HasFilter(string Attribute) : ItemFilter;
