using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>An earlier generation to start from. The caller keeps the tables alive during the training.</summary>
/// <param name="Vocabulary">Its items.</param>
/// <param name="Input">W1, [items, dimension].</param>
/// <param name="Output">W2, [items, dimension].</param>
public sealed record WarmStart(Vocabulary Vocabulary, VectorTable Input, VectorTable Output);
