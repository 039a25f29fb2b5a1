namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>An item that an interaction is connected with.</summary>
/// <param name="Item">The item.</param>
/// <param name="Strength">Weight of the connection forward in time, from the earlier of the two to the later one.</param>
/// <param name="IsLater">Whether it came after the interaction, as where that is late.</param>
internal readonly record struct GraphNeighbor(ItemKey Item, float Strength, bool IsLater);
