namespace EmbeddingGrpc.Training;

/// <summary>
/// The binary tree of a hierarchical softmax: an item's way from the root has about <c>log2(total / count)</c> turns. Inner nodes are
/// numbered from the root, so that those visited most share few pages. Immutable after construction.
/// </summary>
internal sealed class HuffmanTree
{
    // Every item's turns from the root on, end to end: twice the node, plus one if the way goes to the right there.
    private readonly int[] _turns;
    private readonly long[] _starts;

    /// <param name="counts">Falling, as a vocabulary has them; at least one.</param>
    public HuffmanTree(ReadOnlySpan<long> counts)
    {
        NodeCount = counts.Length - 1;
        int[] parents = Build(counts);
        _starts = new long[counts.Length + 1];
        for (int item = 0; item < counts.Length; item++)
        {
            int depth = DepthOf(parents, item);
            MaximumDepth = Math.Max(MaximumDepth, depth);
            _starts[item + 1] = _starts[item] + depth;
        }

        _turns = new int[_starts[^1]];
        for (int item = 0; item < counts.Length; item++)
        {
            long at = _starts[item + 1];
            for (int turn = parents[item]; turn >= 0; turn = parents[counts.Length + NodeCount - 1 - (turn >> 1)])
            {
                _turns[--at] = turn;
            }
        }
    }

    /// <summary>Inner nodes.</summary>
    public int NodeCount { get; }

    /// <summary>Longest way.</summary>
    public int MaximumDepth { get; }

    /// <summary>The turns on the way to an item, from the root: twice the node, plus one if the way goes to the right there.</summary>
    public ReadOnlySpan<int> TurnsTo(int item) => _turns.AsSpan((int)_starts[item], (int)(_starts[item + 1] - _starts[item]));

    // Merging the two lightest again and again, where the made nodes come out in order of weight: two queues instead of a heap.
    // A parent is stored as a turn: the node is the parent, the lowest bit the side. Node numbers count down from the last made, the root.
    private static int[] Build(ReadOnlySpan<long> counts)
    {
        int items = counts.Length, nodes = items - 1;
        var weights = new long[nodes];
        var parents = new int[items + nodes];
        Array.Fill(parents, -1);
        int leaf = items - 1, oldest = 0;
        for (int made = 0; made < nodes; made++)
        {
            for (int side = 0; side < 2; side++)
            {
                bool takeLeaf = leaf >= 0 && (oldest == made || counts[leaf] <= weights[oldest]);
                weights[made] += takeLeaf ? counts[leaf] : weights[oldest];
                parents[takeLeaf ? leaf-- : items + oldest++] = ((nodes - 1 - made) << 1) | side;
            }
        }

        return parents;
    }

    private int DepthOf(int[] parents, int item)
    {
        int items = parents.Length - NodeCount;
        int depth = 0;
        for (int turn = parents[item]; turn >= 0; turn = parents[items + NodeCount - 1 - (turn >> 1)])
        {
            depth++;
        }

        return depth;
    }
}
