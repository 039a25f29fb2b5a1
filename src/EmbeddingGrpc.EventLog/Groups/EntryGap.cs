namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>A run of offsets of which nothing but the offsets is left.</summary>
/// <param name="Tag"><see cref="EntryTag.Erased"/> or <see cref="EntryTag.Lost"/>.</param>
/// <param name="Count">How many; 0 means that there is no gap.</param>
internal readonly record struct EntryGap(byte Tag, int Count);
