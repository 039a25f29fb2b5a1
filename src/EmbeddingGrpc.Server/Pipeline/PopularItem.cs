namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>An item and the decayed weight of its interactions.</summary>
public readonly record struct PopularItem(ItemKey Item, double Weight);
