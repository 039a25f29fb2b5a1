using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>What a user did last, to be asked for from what the user did before. Immutable.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Before">The rest of the history, oldest first; not empty.</param>
/// <param name="Target">The newest interaction, with an item that is not in the rest.</param>
internal sealed record BlendQuestion(string UserId, HistoryEvent[] Before, HistoryEvent Target);
