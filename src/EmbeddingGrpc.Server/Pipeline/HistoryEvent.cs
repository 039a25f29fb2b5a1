using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>One interaction in a user's recent history.</summary>
public readonly record struct HistoryEvent(ItemKey Item, InteractionType Type, long EventTimeMs, float Weight);
