using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>Hierarchical softmax: the nodes on the way to the center in a Huffman tree, labelled with the turns (1: left, as in word2vec).</summary>
/// <param name="tree">The tree over the vocabulary.</param>
internal sealed class TreeTargets(HuffmanTree tree) : ITargets
{
    public int MaximumCount => Math.Max(1, tree.MaximumDepth);

    public void Reset(ref RandomSource random)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int center, PairBlock step, ref RandomSource random)
    {
        foreach (int turn in tree.TurnsTo(center))
        {
            step.AddOutput(turn >> 1, 1 - (turn & 1));
        }
    }
}
