using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>An item of a history or a session that pulls the query toward itself.</summary>
/// <param name="Item">The item.</param>
/// <param name="Weight">How strongly; above 0, not normalised.</param>
internal readonly record struct Pull(ItemOrdinal Item, float Weight);
