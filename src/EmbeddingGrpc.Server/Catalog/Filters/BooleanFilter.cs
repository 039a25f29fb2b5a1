namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>On a boolean.</summary>
/// <param name="Attribute">Its name.</param>
/// <param name="Value">What it must be.</param>
public sealed record BooleanFilter(string Attribute, bool Value) : ItemFilter;
