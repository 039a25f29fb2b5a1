namespace EmbeddingGrpc.EventLog;

/// <summary>What an erasure did.</summary>
/// <param name="EntriesErased">Entries that are gone from the files.</param>
/// <param name="SegmentsRewritten">Files that were replaced.</param>
public readonly record struct ErasureResult(long EntriesErased, int SegmentsRewritten);
