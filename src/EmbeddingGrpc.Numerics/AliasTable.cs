using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Draws numbers with given weights in constant time from one random number each (Walker's alias method, built as in Vose 1991), eight
/// bytes a number in native memory. Immutable after construction; any number of readers.
/// </summary>
public sealed unsafe class AliasTable : IDisposable
{
    // The upper half is the share of a slot that is its own number's, as a fraction of 2^32; the lower half is the number of the rest.
    private ulong* _slots;

    /// <summary>Builds the table.</summary>
    /// <param name="weights">One weight for each number from zero on; not negative, their sum positive and finite. Overwritten.</param>
    /// <exception cref="ArgumentException">The weights cannot be sampled.</exception>
    public AliasTable(Span<double> weights)
    {
        double sum = 0;
        foreach (double weight in weights)
        {
            sum += weight;
        }

        if (!(sum > 0) || !double.IsFinite(sum))
        {
            throw new ArgumentException($"The weights of {weights.Length} numbers sum to {sum}; they cannot be sampled.", nameof(weights));
        }

        Count = weights.Length;
        _slots = (ulong*)NativeMemory.AlignedAlloc((nuint)Count * sizeof(ulong), EmbeddingMatrix.Alignment);
        foreach (ref double weight in weights)
        {
            weight = weight / sum * Count;
        }

        Fill(weights);
    }

    /// <summary>Frees the memory of a table that its owner lost to an exception.</summary>
    ~AliasTable() => NativeMemory.AlignedFree(_slots);

    /// <summary>Numbers that can be drawn.</summary>
    public int Count { get; }

    /// <summary>
    /// Asks for the slots that some random numbers lead to. The table is visited at random, so that a draw without this mostly waits for
    /// memory: called well before <see cref="Draw(ReadOnlySpan{ulong}, Span{int})"/>, it hides that.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prefetch(ReadOnlySpan<ulong> random)
    {
        ObjectDisposedException.ThrowIf(_slots is null, this);
        if (Sse.IsSupported)
        {
            foreach (ulong bits in random)
            {
                Sse.Prefetch0(_slots + SlotOf(bits));
            }
        }
    }

    /// <summary>One number for each random one.</summary>
    /// <param name="random">[count]; 64 random bits each.</param>
    /// <param name="drawn">[count]; overwritten.</param>
    /// <exception cref="ArgumentException">The spans' lengths differ.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Draw(ReadOnlySpan<ulong> random, Span<int> drawn)
    {
        ObjectDisposedException.ThrowIf(_slots is null, this);
        if (random.Length != drawn.Length)
        {
            throw new ArgumentException($"{random.Length} random numbers cannot draw {drawn.Length}.", nameof(drawn));
        }

        for (int i = 0; i < random.Length; i++)
        {
            ulong bits = random[i];
            int at = SlotOf(bits);
            ulong slot = _slots[at];

            // Without a branch: which of the two it is cannot be predicted.
            int own = (int)(((long)(uint)bits - (long)(slot >> 32) - 1) >> 63);
            drawn[i] = ((at ^ (int)slot) & own) ^ (int)slot;
        }
    }

    /// <summary>One number for 64 random bits.</summary>
    public int Draw(ulong random)
    {
        int drawn = 0;
        Draw(new ReadOnlySpan<ulong>(in random), new Span<int>(ref drawn));
        return drawn;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_slots);
        _slots = null;
        GC.SuppressFinalize(this);
    }

    private static ulong Slot(double share, int other) => ((ulong)Math.Clamp(share * uint.MaxValue, 0, uint.MaxValue) << 32) | (uint)other;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int SlotOf(ulong random) => (int)(((random >> 32) * (uint)Count) >> 32);

    private void Fill(Span<double> shares)
    {
        // order[..small] are slots still to fill, order[large..] the numbers with more than a slot's worth to give; the two meet.
        var order = new int[Count];
        int small = 0, large = Count;
        for (int number = 0; number < Count; number++)
        {
            order[shares[number] < 1 ? small++ : --large] = number;
        }

        for (int next = 0; next < small; next++)
        {
            int number = order[next];
            if (large == Count)
            {
                // Rounding has used up the givers: what is left is a whole slot but for rounding.
                _slots[number] = Slot(1, number);
                continue;
            }

            int giver = order[large];
            _slots[number] = Slot(shares[number], giver);
            shares[giver] -= 1 - shares[number];
            if (shares[giver] < 1)
            {
                large++;
                order[small++] = giver;
            }
        }

        for (; large < Count; large++)
        {
            _slots[order[large]] = Slot(1, order[large]);
        }
    }
}
