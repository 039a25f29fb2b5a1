namespace EmbeddingGrpc.EventLog;

/// <summary>One interaction of an <see cref="EntryBatch"/>, with its ids as numbers of the batch's own dictionaries.</summary>
/// <param name="Offset">Its place.</param>
/// <param name="User">For <see cref="EntryBatch.UserId"/>; means nothing in another batch.</param>
/// <param name="Item">For <see cref="EntryBatch.ItemId"/>; means nothing in another batch.</param>
/// <param name="Type">What was done.</param>
/// <param name="EventTimeMs">When, in milliseconds since the Unix epoch.</param>
/// <param name="Weight">Finite and >= 0.</param>
public readonly record struct EntryRow(LogOffset Offset, int User, int Item, InteractionType Type, long EventTimeMs, float Weight);
