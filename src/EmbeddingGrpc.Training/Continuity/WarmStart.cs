using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>An earlier generation to start from. The caller keeps the tables alive until they are <see cref="Copied"/>, or the training has ended.</summary>
/// <param name="Vocabulary">Its items.</param>
/// <param name="Input">W1, [items, dimension].</param>
/// <param name="Output">W2, [items, dimension].</param>
public sealed record WarmStart(Vocabulary Vocabulary, VectorTable Input, VectorTable Output)
{
    /// <summary>
    /// Whether its rows were smoothed, by the share that the training has and over nearly the same sessions. A training that smooths at its end then takes that
    /// back first: rows that are smoothed again and again become those of their neighbours, and worse from one warm start to the next.
    /// </summary>
    public bool IsSmoothed { get; init; }

    /// <summary>Called once the training needs the tables no more, which is before its first step: who has no other use for them can free them. Not where it failed earlier.</summary>
    public Action? Copied { get; init; }
}
