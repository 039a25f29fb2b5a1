using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>
/// The best k of the neighbours offered, in the caller's own span: a heap with the worst at its root, sorted at the end. Of equal scores the
/// lower ordinal is nearer, so that the answer does not depend on the order of offers.
/// </summary>
/// <param name="results">As long as neighbours are wanted.</param>
/// <param name="count">How many a list over the same span held before it was put aside, unfinished.</param>
internal ref struct NearestList(Span<Neighbor> results, int count = 0)
{
    private readonly Span<Neighbor> _heap = results;

    /// <summary>Neighbours held.</summary>
    public int Count { get; private set; } = count;

    /// <summary>Whether a score can still get in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Wants(float score) => Count < _heap.Length || score >= _heap[0].Score;

    /// <summary>Takes a neighbour if it is among the best.</summary>
    public void Offer(Neighbor neighbor)
    {
        if (Count < _heap.Length)
        {
            var at = Count++;
            while (at > 0 && IsWorse(neighbor, _heap[(at - 1) / 2]))
            {
                _heap[at] = _heap[(at - 1) / 2];
                at = (at - 1) / 2;
            }
            _heap[at] = neighbor;
        }
        else if (Count > 0 && IsWorse(_heap[0], neighbor))
        {
            Sink(neighbor, Count);
        }
    }

    /// <summary>Sorts best first.</summary>
    /// <returns>How many there are.</returns>
    public readonly int Finish()
    {
        for (var end = Count - 1; end > 0; end--)
        {
            var last = _heap[end];
            _heap[end] = _heap[0];
            Sink(last, end);
        }
        return Count;
    }

    private static bool IsWorse(Neighbor a, Neighbor b) => a.Score < b.Score || (a.Score == b.Score && a.Item.Value > b.Item.Value);

    private readonly void Sink(Neighbor neighbor, int count)
    {
        var at = 0;
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= count) break;
            if (child + 1 < count && IsWorse(_heap[child + 1], _heap[child])) child++;
            if (!IsWorse(_heap[child], neighbor)) break;
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = neighbor;
    }
}
