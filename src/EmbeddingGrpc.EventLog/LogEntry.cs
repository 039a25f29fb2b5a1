namespace EmbeddingGrpc.EventLog;

/// <summary>One interaction as read back from the log.</summary>
public readonly record struct LogEntry(LogOffset Offset, Interaction Interaction);
