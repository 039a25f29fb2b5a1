using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>An item that a user had near a new one.</summary>
/// <param name="Item">An item that has vectors.</param>
/// <param name="Weight">How near: 1 for the next one, falling to 0 beyond the window.</param>
/// <param name="IsBefore">Whether the user had it before the new one.</param>
internal readonly record struct FoldInContext(ItemOrdinal Item, float Weight, bool IsBefore);
