namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>On a point in time.</summary>
/// <param name="Attribute">Its name.</param>
/// <param name="NotBefore">This or later; null for no bound.</param>
/// <param name="Before">Earlier than this; null for no bound.</param>
public sealed record TimeFilter(string Attribute, DateTimeOffset? NotBefore, DateTimeOffset? Before) : ItemFilter;
