using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>An item of a history or a session that pulls the query toward itself.</summary>
/// <param name="Item">The item.</param>
/// <param name="Key">Its key, by which the graph knows it; -1 where the log has not brought it yet.</param>
/// <param name="Weight">How strongly; above 0, not normalised.</param>
public readonly record struct Pull(CandidateId Item, ItemKey Key, float Weight)
{
    /// <summary>Stands for no key.</summary>
    public static readonly ItemKey NoKey = new(-1);
}
