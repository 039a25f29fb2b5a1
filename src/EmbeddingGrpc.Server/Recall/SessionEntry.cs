namespace EmbeddingGrpc.Server.Recall;

/// <summary>One item of a session query.</summary>
/// <param name="ItemId">The item.</param>
/// <param name="Weight">Finite and >= 0; null means that it is weighted by its recency.</param>
public readonly record struct SessionEntry(string ItemId, float? Weight = null);
