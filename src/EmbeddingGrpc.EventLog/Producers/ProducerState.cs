namespace EmbeddingGrpc.EventLog.Producers;

/// <summary>What the log remembers of a producer.</summary>
/// <param name="Epoch">Its newest epoch.</param>
/// <param name="DoneThrough">Its highest durable number in that epoch.</param>
/// <param name="LastSeenMs">When it last wrote, in milliseconds since the Unix epoch.</param>
internal readonly record struct ProducerState(ulong Epoch, ulong DoneThrough, long LastSeenMs);
