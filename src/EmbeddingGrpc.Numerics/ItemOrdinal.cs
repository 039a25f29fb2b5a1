namespace EmbeddingGrpc.Numerics;

/// <summary>Position of an item in one generation's vocabulary; meaningless in another generation.</summary>
public readonly record struct ItemOrdinal(int Value);
