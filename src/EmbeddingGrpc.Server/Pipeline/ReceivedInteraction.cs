namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>An interaction as a producer sent it, not validated yet.</summary>
/// <param name="UserId">Any text.</param>
/// <param name="ItemId">Any text.</param>
/// <param name="Type">Any number.</param>
/// <param name="EventTimeMs">Any number.</param>
/// <param name="Weight">Any value; 1 where none was sent.</param>
/// <param name="RecallId">Any text; empty for none.</param>
public readonly record struct ReceivedInteraction(string UserId, string ItemId, int Type, long EventTimeMs, float Weight, string RecallId);
