using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Draws items with given weights in constant time (Walker's alias method, built as in Vose 1991), eight bytes an item. Immutable after
/// construction.
/// </summary>
internal sealed class NoiseSampler
{
    // The upper half is the share of a slot that is its own item's, as a fraction of 2^32; the lower half is the item of the rest.
    private readonly ulong[] _slots;

    /// <param name="weights">One weight an item; not negative, their sum positive.</param>
    public NoiseSampler(double[] weights)
    {
        int count = weights.Length;
        double sum = 0;
        foreach (double weight in weights)
        {
            sum += weight;
        }

        if (!(sum > 0) || !double.IsFinite(sum))
        {
            throw new ArgumentException($"The weights of {count} items sum to {sum}; they cannot be sampled.", nameof(weights));
        }

        _slots = new ulong[count];
        var scaled = new double[count];
        var order = new int[count];
        int small = 0, large = count;
        for (int item = 0; item < count; item++)
        {
            scaled[item] = weights[item] / sum * count;
            order[scaled[item] < 1 ? small++ : --large] = item;
        }

        // order[..small] are the slots to fill, order[large..] the items with more than a slot's worth to give; the two meet in the middle.
        for (int next = 0; next < small; next++)
        {
            int item = order[next];
            if (large == count)
            {
                // Rounding has used up the givers: what is left is a whole slot but for rounding.
                _slots[item] = Slot(1, item);
                continue;
            }

            int giver = order[large];
            _slots[item] = Slot(scaled[item], giver);
            scaled[giver] -= 1 - scaled[item];
            if (scaled[giver] < 1)
            {
                large++;
                order[small++] = giver;
            }
        }

        for (; large < count; large++)
        {
            _slots[order[large]] = Slot(1, order[large]);
        }
    }

    /// <summary>Items that can be drawn.</summary>
    public int Count => _slots.Length;

    /// <summary>Weights of the noise distribution: <c>count^exponent</c>.</summary>
    public static double[] PowerWeights(ReadOnlySpan<long> counts, double exponent)
    {
        var weights = new double[counts.Length];
        for (int item = 0; item < weights.Length; item++)
        {
            weights[item] = Math.Pow(Math.Max(1, counts[item]), exponent);
        }

        return weights;
    }

    /// <summary>One item.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Draw(ref RandomSource random)
    {
        ulong bits = random.Next();
        int at = (int)(((bits >> 32) * (uint)_slots.Length) >> 32);
        ulong slot = _slots[at];
        return (uint)bits <= slot >> 32 ? at : (int)(uint)slot;
    }

    private static ulong Slot(double share, int other) => ((ulong)Math.Clamp(share * uint.MaxValue, 0, uint.MaxValue) << 32) | (uint)other;
}
