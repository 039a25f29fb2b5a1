namespace EmbeddingGrpc.EventLog;

/// <summary>One entry of an <see cref="EntryBatch"/> that is no interaction.</summary>
/// <param name="Offset">Its place.</param>
/// <param name="Record">What it is.</param>
/// <param name="Before">It comes after the first so many interactions of the batch, and before the others.</param>
public readonly record struct RecordRow(LogOffset Offset, LogRecord Record, int Before);
