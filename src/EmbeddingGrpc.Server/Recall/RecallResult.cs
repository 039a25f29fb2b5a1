using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>What the engine found. Lives in its thread's scratch: valid until that thread's next search.</summary>
/// <param name="neighbors">Best first; ordinals of the generation that was asked.</param>
/// <param name="basis">What made it.</param>
public readonly ref struct RecallResult(ReadOnlySpan<Neighbor> neighbors, AnswerBasis basis)
{
    /// <summary>Best first; ordinals of the generation that was asked.</summary>
    public ReadOnlySpan<Neighbor> Neighbors { get; } = neighbors;

    /// <summary>What made it.</summary>
    public AnswerBasis Basis { get; } = basis;
}
