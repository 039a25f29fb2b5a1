namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Which rows of a matrix make an item's vector when there are more items than rows: each of the first <see cref="DirectRows"/> items has
/// its own; every other item's vector is <c>(a + b) / √2</c> of two rows that it shares with others, chosen by two hash functions.
/// Immutable.
/// </summary>
/// <remarks>
/// Svenstrup et al. 2017 (arXiv:1709.03933), without their importance weights. Two items collide wholly only if both hashes agree, which
/// among n items over m shared rows happens to an item with probability about n / m². The factor keeps the length of a vector and of a step
/// the same as for a row of its own.
/// </remarks>
/// <param name="Items">Items that have a vector.</param>
/// <param name="DirectRows">Items with a row of their own: ordinals below this.</param>
/// <param name="SharedRows">Rows that the others share; they follow the direct ones.</param>
public readonly record struct HashedRows(int Items, int DirectRows, int SharedRows)
{
    /// <summary>Factor of each of the two shared rows.</summary>
    public const float Share = 0.70710678f;

    /// <summary>Rows of the matrix.</summary>
    public int Rows => DirectRows + SharedRows;

    /// <summary>Every item has its own row.</summary>
    public static HashedRows None(int items) => new(items, items, 0);

    /// <summary>The two rows of an item beyond the direct ones; they differ if there are two.</summary>
    public (int First, int Second) Of(int item)
    {
        ulong hash = Mix((ulong)item);
        int first = (int)(((hash >> 32) * (uint)SharedRows) >> 32);
        if (SharedRows < 2)
        {
            return (DirectRows + first, DirectRows + first);
        }

        int second = (int)(((hash & uint.MaxValue) * (uint)(SharedRows - 1)) >> 32);
        return (DirectRows + first, DirectRows + (second < first ? second : second + 1));
    }

    // The finaliser of SplitMix64: every bit of the item reaches every bit of both halves.
    private static ulong Mix(ulong value)
    {
        value += 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
