namespace EmbeddingGrpc.Server.Catalog;

/// <summary>An item and what is known of it. Immutable.</summary>
/// <param name="ItemId">1..256 bytes of UTF-8 without control characters.</param>
/// <param name="Attributes">Name to value; may be empty.</param>
public sealed record CatalogItem(string ItemId, IReadOnlyDictionary<string, AttributeValue> Attributes);
