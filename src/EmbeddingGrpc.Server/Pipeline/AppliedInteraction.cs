using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>An interaction that was just applied to histories and counters.</summary>
/// <param name="Offset">Its place in the log.</param>
/// <param name="Event">What it was.</param>
/// <param name="IsRepeated">
/// The user's history, restored from a checkpoint, had it already; so has whatever the checkpoint wrote after the histories.
/// </param>
internal readonly record struct AppliedInteraction(LogOffset Offset, HistoryEvent Event, bool IsRepeated);
