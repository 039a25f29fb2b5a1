using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>What stands for the softmax over all items: a few output rows for each center. One thread.</summary>
internal interface ITargets
{
    /// <summary>Output rows of a center at most.</summary>
    int MaximumCount { get; }

    /// <summary>Begins a block: what follows depends on <paramref name="random"/> alone, not on earlier blocks.</summary>
    void Reset(ref RandomSource random);

    /// <summary>Adds a center's output rows and labels to the coming step.</summary>
    void Add(int center, PairBlock step, ref RandomSource random);
}
