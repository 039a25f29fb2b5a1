using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// XXH3 (64 bits) of memory, the checksum of logs, checkpoints and indexes: as <see cref="XxHash3"/> computes it, which is the oracle and does what is short or not on
/// AVX2. Stateless.
/// </summary>
/// <remarks>
/// A daemon reads what it checks once, at its start, when nothing is compiled well yet: the library's loop is a call for each 64 bytes that is optimized only when less
/// new code is seen, and takes several times as long until then. This is compiled well at its first call. From the specification of the algorithm (Collet, xxHash,
/// doc/xxhash_spec.md, "XXH3 algorithm, large inputs").
/// </remarks>
public static unsafe class Checksum
{
    private const int StripeBytes = 64;
    private const int StripesABlock = 16;
    private const int SecretBytes = 192;
    private const int BlockBytes = StripesABlock * StripeBytes;

    /// <summary>The algorithm hashes what is up to this long in other ways.</summary>
    private const int Short = 240;

    /// <summary>Where in the secret the keys lie: of a scramble, of the last stripe, of the merge.</summary>
    private const int ScrambleKey = 128, LastKey = 121, MergeKey = 11;

    private const uint Prime32 = 0x9E3779B1;
    private const ulong Prime64 = 0x9E3779B185EBCA87;

    /// <summary>The algorithm's default secret.</summary>
    private static ReadOnlySpan<byte> Secret =>
    [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
        0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
        0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
        0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
        0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ];

    /// <summary>The checksum of bytes.</summary>
    /// <param name="bytes">Any number of them.</param>
    /// <param name="seed">Another one has other checksums.</param>
    public static ulong Of(ReadOnlySpan<byte> bytes, long seed = 0)
    {
        if (!IsLong(bytes.Length)) return XxHash3.HashToUInt64(bytes, seed);
        fixed (byte* pointer = bytes) return OfLong(pointer, bytes.Length, seed);
    }

    /// <summary>The checksum of so many bytes, which may be more than a span has, by seed 0.</summary>
    internal static ulong Of(byte* bytes, long length) => IsLong(length) ? OfLong(bytes, length, seed: 0) : ByLibrary(bytes, length);

    private static bool IsLong(long length) => Avx2.IsSupported && length > Short;

    private static ulong ByLibrary(byte* bytes, long length)
    {
        var hash = new XxHash3();
        const int most = 1 << 20;
        for (long at = 0; at < length; at += most) hash.Append(new ReadOnlySpan<byte>(bytes + at, (int)Math.Min(most, length - at)));
        return hash.GetCurrentHashAsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong OfLong(byte* bytes, long length, long seed)
    {
        var seeded = stackalloc ulong[SecretBytes / sizeof(ulong)];
        // Constant data of the assembly: it does not move.
        var secret = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Secret));
        if (seed != 0)
        {
            for (var i = 0; i < SecretBytes / sizeof(ulong); i++) seeded[i] = ((ulong*)secret)[i] + (i % 2 == 0 ? (ulong)seed : 0 - (ulong)seed);
            secret = (byte*)seeded;
        }

        var low = Vector256.Create(0xC2B2AE3D, Prime64, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9);
        var high = Vector256.Create(0x85EBCA77C2B2AE63, 0x85EBCA77, 0x27D4EB2F165667C5, Prime32);
        var end = bytes + length;
        for (var blocks = (length - 1) / BlockBytes; blocks > 0; blocks--)
        {
            for (var stripe = 0; stripe < StripesABlock; stripe++)
            {
                low = Accumulated(low, bytes, secret + (8 * stripe));
                high = Accumulated(high, bytes + 32, secret + (8 * stripe) + 32);
                bytes += StripeBytes;
            }
            low = Scrambled(low, secret + ScrambleKey);
            high = Scrambled(high, secret + ScrambleKey + 32);
        }
        for (var key = secret; end - bytes > StripeBytes; key += 8)
        {
            low = Accumulated(low, bytes, key);
            high = Accumulated(high, bytes + 32, key + 32);
            bytes += StripeBytes;
        }
        low = Accumulated(low, end - StripeBytes, secret + LastKey);
        high = Accumulated(high, end - StripeBytes + 32, secret + LastKey + 32);

        var hash = (ulong)length * Prime64;
        hash += Folded(low[0], low[1], secret + MergeKey) + Folded(low[2], low[3], secret + MergeKey + 16);
        hash += Folded(high[0], high[1], secret + MergeKey + 32) + Folded(high[2], high[3], secret + MergeKey + 48);
        hash = (hash ^ (hash >> 37)) * 0x165667919E3779F9;
        return hash ^ (hash >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Accumulated(Vector256<ulong> sums, byte* bytes, byte* key)
    {
        var data = Vector256.Load((ulong*)bytes);
        var keyed = data ^ Vector256.Load((ulong*)key);
        // Each value is added to its neighbour's sum, and the product of its halves, keyed, to its own.
        return sums + Avx2.Shuffle(data.AsUInt32(), 0b01_00_11_10).AsUInt64() + Avx2.Multiply(keyed.AsUInt32(), (keyed >> 32).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Scrambled(Vector256<ulong> sums, byte* key)
    {
        var mixed = sums ^ (sums >> 47) ^ Vector256.Load((ulong*)key);
        var prime = Vector256.Create((ulong)Prime32).AsUInt32();
        return Avx2.Multiply(mixed.AsUInt32(), prime) + (Avx2.Multiply((mixed >> 32).AsUInt32(), prime) << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Folded(ulong first, ulong second, byte* key)
    {
        var high = Math.BigMul(first ^ *(ulong*)key, second ^ *(ulong*)(key + 8), out ulong low);
        return low ^ high;
    }
}
