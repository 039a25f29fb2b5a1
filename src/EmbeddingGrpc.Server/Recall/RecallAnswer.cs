namespace EmbeddingGrpc.Server.Recall;

/// <summary>An encoded answer.</summary>
/// <param name="Body">A <c>RecallResponse</c> without its per-call fields; they can be appended to it, because protobuf messages add up.</param>
/// <param name="Origin">Where it came from.</param>
public readonly record struct RecallAnswer(ReadOnlyMemory<byte> Body, AnswerOrigin Origin);
