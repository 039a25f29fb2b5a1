namespace EmbeddingGrpc.Numerics;

/// <summary>An item found by a search. A higher score is nearer, whatever the metric.</summary>
public readonly record struct Neighbor(ItemOrdinal Item, float Score);
