namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>A model-wide number given to an item once and never reused. A generation maps it to its own ordinals.</summary>
public readonly record struct ItemKey(int Value);
