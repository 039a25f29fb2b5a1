using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.EventLog.Checksums;

/// <summary>XXH3 of 64 bits (Collet, the specification of xxHash 0.8), the checksum of logs and checkpoints. Stateless.</summary>
/// <remarks>
/// The same values as <see cref="XxHash3"/>, which does the short inputs and other processors. Long ones are done here because of the first second: a start checks
/// 700 MB, and the library's loop is one call for each 64 bytes that the compiler does not optimize before it sees less new code, which is when the start is over. What is
/// here is optimized when it is first called.
/// </remarks>
public static class Checksum
{
    // Up to here the specification has other ways.
    private const int ShortBytes = 240;
    private const int StripeBytes = 64;
    private const int SecretBytes = 192;
    private const int StripesPerBlock = (SecretBytes - StripeBytes) / sizeof(ulong);
    private const int LastStripeSecret = SecretBytes - StripeBytes - 7;
    private const int MergeSecret = 11;
    private const uint Prime32_1 = 0x9E3779B1;
    private const uint Prime32_2 = 0x85EBCA77;
    private const uint Prime32_3 = 0xC2B2AE3D;
    private const ulong Prime64_1 = 0x9E3779B185EBCA87;
    private const ulong Prime64_2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime64_3 = 0x165667B19E3779F9;
    private const ulong Prime64_4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime64_5 = 0x27D4EB2F165667C5;
    private const ulong PrimeOfAvalanche = 0x165667919E3779F9;

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
    /// <param name="seed">Makes it another one.</param>
    public static ulong Of(ReadOnlySpan<byte> bytes, long seed = 0) =>
        bytes.Length <= ShortBytes || !Avx2.IsSupported ? XxHash3.HashToUInt64(bytes, seed) : OfLong(bytes, (ulong)seed);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong OfLong(ReadOnlySpan<byte> bytes, ulong seed)
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        for (var i = 0; i < SecretBytes; i += 2 * sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(secret[i..], BinaryPrimitives.ReadUInt64LittleEndian(Secret[i..]) + seed);
            BinaryPrimitives.WriteUInt64LittleEndian(secret[(i + sizeof(ulong))..], BinaryPrimitives.ReadUInt64LittleEndian(Secret[(i + sizeof(ulong))..]) - seed);
        }

        ref var key = ref MemoryMarshal.GetReference(secret);
        ref var input = ref MemoryMarshal.GetReference(bytes);
        var low = Vector256.Create(Prime32_3, Prime64_1, Prime64_2, Prime64_3);
        var high = Vector256.Create(Prime64_4, Prime32_2, Prime64_5, Prime32_1);

        // The last stripe is the last bytes, whether or not those before it had some of them.
        var stripes = (bytes.Length - 1) / StripeBytes;
        for (var stripe = 0; stripe < stripes; stripe++)
        {
            var place = stripe % StripesPerBlock;
            Add(ref low, ref high, ref Unsafe.Add(ref input, stripe * StripeBytes), ref Unsafe.Add(ref key, place * sizeof(ulong)));
            if (place != StripesPerBlock - 1) continue;
            low = Scramble(low, Vector256.LoadUnsafe(ref Unsafe.Add(ref key, SecretBytes - StripeBytes)));
            high = Scramble(high, Vector256.LoadUnsafe(ref Unsafe.Add(ref key, SecretBytes - (StripeBytes / 2))));
        }

        Add(ref low, ref high, ref Unsafe.Add(ref input, bytes.Length - StripeBytes), ref Unsafe.Add(ref key, LastStripeSecret));
        var sum = (ulong)bytes.Length * Prime64_1;
        sum += Fold(low[0], low[1], secret[MergeSecret..]);
        sum += Fold(low[2], low[3], secret[(MergeSecret + 16)..]);
        sum += Fold(high[0], high[1], secret[(MergeSecret + 32)..]);
        sum += Fold(high[2], high[3], secret[(MergeSecret + 48)..]);
        sum ^= sum >> 37;
        sum *= PrimeOfAvalanche;
        return sum ^ (sum >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<ulong> low, ref Vector256<ulong> high, ref byte stripe, ref byte key)
    {
        low = Add(low, Vector256.LoadUnsafe(ref stripe).AsUInt64(), Vector256.LoadUnsafe(ref key).AsUInt64());
        high = Add(high, Vector256.LoadUnsafe(ref Unsafe.Add(ref stripe, StripeBytes / 2)).AsUInt64(), Vector256.LoadUnsafe(ref Unsafe.Add(ref key, StripeBytes / 2)).AsUInt64());
    }

    // Each lane takes the product of its halves, and its neighbour the value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Add(Vector256<ulong> sums, Vector256<ulong> values, Vector256<ulong> key)
    {
        var mixed = values ^ key;
        var product = Avx2.Multiply(mixed.AsUInt32(), (mixed >>> 32).AsUInt32());
        return sums + product + Avx2.Shuffle(values.AsUInt32(), 0b_01_00_11_10).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Scramble(Vector256<ulong> sums, Vector256<byte> key)
    {
        var mixed = sums ^ (sums >>> 47) ^ key.AsUInt64();
        var prime = Vector256.Create(Prime32_1);
        return Avx2.Multiply(mixed.AsUInt32(), prime) + (Avx2.Multiply((mixed >>> 32).AsUInt32(), prime) << 32);
    }

    private static ulong Fold(ulong first, ulong second, ReadOnlySpan<byte> key)
    {
        var high = Math.BigMul(first ^ BinaryPrimitives.ReadUInt64LittleEndian(key), second ^ BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]), out var low);
        return low ^ high;
    }
}
