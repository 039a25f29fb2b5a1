namespace EmbeddingGrpc.EventLog;

/// <summary>What retention removed.</summary>
/// <param name="SegmentsRemoved">Files.</param>
/// <param name="BytesFreed">Bytes of those files.</param>
/// <param name="FirstOffset">The oldest offset that is still kept.</param>
public readonly record struct RetentionResult(int SegmentsRemoved, long BytesFreed, LogOffset FirstOffset);
