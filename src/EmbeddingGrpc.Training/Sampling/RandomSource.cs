using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Training;

/// <summary>
/// A fast stream of random 64-bit numbers (wyrand: one multiplication to 128 bits a number), good enough for sampling, not for secrets.
/// Streams of different seeds are independent for all practical purposes. One thread.
/// </summary>
internal struct RandomSource(ulong seed)
{
    private ulong _state = Mix(seed);

    /// <summary>A random number for each stream of a seed: the training's seed and a block's number give the block's own stream.</summary>
    public static RandomSource For(ulong seed, ulong stream) => new(Mix(seed) ^ (stream * 0x9E37_79B9_7F4A_7C15));

    /// <summary>The next 64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Next()
    {
        _state += 0xA076_1D64_78BD_642F;
        ulong high = Math.BigMul(_state, _state ^ 0xE703_7ED1_A0B4_28DB, out ulong low);
        return high ^ low;
    }

    /// <summary>A number in [0, bound), by multiplication instead of division: its bias is below bound / 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int bound) => (int)(((Next() >> 32) * (uint)bound) >> 32);

    /// <summary>A number in [0, 1), a multiple of 2^-24.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float NextSingle() => (Next() >> 40) * (1f / (1 << 24));

    // The finaliser of SplitMix64 (Steele et al. 2014): spreads seeds that differ in one bit.
    private static ulong Mix(ulong value)
    {
        value += 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
