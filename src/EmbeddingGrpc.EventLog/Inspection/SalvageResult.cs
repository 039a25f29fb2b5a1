namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>What a salvage did.</summary>
/// <param name="SegmentsRewritten">Segments that were damaged and are whole now, by path.</param>
/// <param name="DamagedFiles">Where the damaged originals are kept. They may hold what was erased since: delete them when they are of no more use.</param>
/// <param name="EntriesLost">Offsets that stay empty.</param>
public sealed record SalvageResult(IReadOnlyList<string> SegmentsRewritten, IReadOnlyList<string> DamagedFiles, long EntriesLost);
