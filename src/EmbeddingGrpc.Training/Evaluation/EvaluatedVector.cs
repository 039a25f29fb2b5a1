namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>An item beside a generation's own that an evaluation shall know of: one that was folded in.</summary>
/// <param name="ItemId">The item.</param>
/// <param name="Input">W1, [dimension].</param>
/// <param name="Output">W2, [dimension].</param>
public sealed record EvaluatedVector(string ItemId, float[] Input, float[] Output);
