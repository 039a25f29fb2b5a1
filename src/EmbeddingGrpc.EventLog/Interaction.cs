namespace EmbeddingGrpc.EventLog;

/// <summary>One validated thing that a user did with an item. Immutable.</summary>
/// <param name="UserId">1..256 bytes of UTF-8 without control characters.</param>
/// <param name="ItemId">1..256 bytes of UTF-8 without control characters.</param>
/// <param name="Type">What was done.</param>
/// <param name="EventTimeMs">When, in milliseconds since the Unix epoch.</param>
/// <param name="Weight">Finite and >= 0.</param>
/// <param name="RecallId">The recall that led to it, if any.</param>
public readonly record struct Interaction(string UserId, string ItemId, InteractionType Type, long EventTimeMs, float Weight = 1f, string? RecallId = null);
