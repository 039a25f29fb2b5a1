using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>
/// Integer products of a 7-bit query (-63..63) with rows of unsigned 8-bit codes. Exact: a pair of products is at most 2·255·63 = 32130,
/// which a 16-bit lane of <c>vpmaddubsw</c> holds without saturating; .NET exposes no 512-bit VNNI. Both are padded with zeros in the query
/// to a multiple of <see cref="Block"/>.
/// </summary>
internal static unsafe class CodeKernels
{
    /// <summary>Codes and queries are padded to a multiple of this many bytes: one cache line, one 512-bit register.</summary>
    public const int Block = 64;

    /// <summary>The query's largest magnitude.</summary>
    public const int QueryLimit = 63;

    /// <summary><c>Σ codes[i] · query[i]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* codes, sbyte* query, int paddedLength)
    {
        if (Avx512BW.IsSupported)
        {
            var sum = Vector512<int>.Zero;
            for (var i = 0; i < paddedLength; i += 64) sum += Pairs512(codes + i, query + i);
            return Vector512.Sum(sum);
        }
        if (Avx2.IsSupported)
        {
            var sum = Vector256<int>.Zero;
            for (var i = 0; i < paddedLength; i += 32) sum += Pairs256(codes + i, query + i);
            return Vector256.Sum(sum);
        }
        if (Vector128.IsHardwareAccelerated) return PortableDot(codes, query, paddedLength);
        return ScalarDot(codes, query, paddedLength);
    }

    /// <summary>Products of one query with rows.</summary>
    /// <param name="rows">First row of the table.</param>
    /// <param name="stride">Bytes of a row.</param>
    /// <param name="items">[count] numbers of rows, readable up to a multiple of four.</param>
    /// <param name="count">How many.</param>
    /// <param name="query">[stride].</param>
    /// <param name="products">[count] rounded up to a multiple of four; overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Products(byte* rows, int stride, uint* items, int count, sbyte* query, int* products)
    {
        var last = count - 1;
        for (var i = 0; i < count; i += 4)
        {
            Dot4(
                rows + ((long)items[i] * stride),
                rows + ((long)items[Math.Min(i + 1, last)] * stride),
                rows + ((long)items[Math.Min(i + 2, last)] * stride),
                rows + ((long)items[Math.Min(i + 3, last)] * stride),
                query,
                stride).Store(products + i);
        }
    }

    /// <summary>Four rows against one query, in the order given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot4(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, int paddedLength)
    {
        if (Avx512BW.IsSupported)
        {
            var s0 = Vector512<int>.Zero;
            var s1 = Vector512<int>.Zero;
            var s2 = Vector512<int>.Zero;
            var s3 = Vector512<int>.Zero;
            for (var i = 0; i < paddedLength; i += 64)
            {
                s0 += Pairs512(row0 + i, query + i);
                s1 += Pairs512(row1 + i, query + i);
                s2 += Pairs512(row2 + i, query + i);
                s3 += Pairs512(row3 + i, query + i);
            }
            return PackedKernels.SumsOfFour(s0, s1, s2, s3);
        }
        if (Avx2.IsSupported)
        {
            var s0 = Vector256<int>.Zero;
            var s1 = Vector256<int>.Zero;
            var s2 = Vector256<int>.Zero;
            var s3 = Vector256<int>.Zero;
            for (var i = 0; i < paddedLength; i += 32)
            {
                s0 += Pairs256(row0 + i, query + i);
                s1 += Pairs256(row1 + i, query + i);
                s2 += Pairs256(row2 + i, query + i);
                s3 += Pairs256(row3 + i, query + i);
            }
            return Sums(s0, s1, s2, s3);
        }
        return Vector128.Create(
            Dot(row0, query, paddedLength), Dot(row1, query, paddedLength), Dot(row2, query, paddedLength), Dot(row3, query, paddedLength));
    }

    /// <summary>Turns codes into a query: <c>(codes[i] - 128) / 2</c>, toward zero, which keeps codes of 1..255 within -63..63.</summary>
    /// <returns>The sum of the values.</returns>
    public static int Halve(byte* codes, sbyte* values, int paddedLength)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var sum = Vector512<short>.Zero;
            for (var i = 0; i < paddedLength; i += 64)
            {
                var signed = (Vector512.Load(codes + i) ^ Vector512.Create((byte)128)).AsSByte();
                var half = (signed - Vector512.LessThan(signed, Vector512<sbyte>.Zero)) >> 1;
                half.Store(values + i);
                var (low, high) = Vector512.Widen(half);
                sum += low + high;
            }
            return Vector512.Sum(Vector512.WidenLower(sum) + Vector512.WidenUpper(sum));
        }
        if (Vector128.IsHardwareAccelerated)
        {
            var sum = Vector128<short>.Zero;
            for (var i = 0; i < paddedLength; i += 16)
            {
                var signed = (Vector128.Load(codes + i) ^ Vector128.Create((byte)128)).AsSByte();
                var half = (signed - Vector128.LessThan(signed, Vector128<sbyte>.Zero)) >> 1;
                half.Store(values + i);
                var (low, high) = Vector128.Widen(half);
                sum += low + high;
            }
            return Vector128.Sum(Vector128.WidenLower(sum) + Vector128.WidenUpper(sum));
        }
        return ScalarHalve(codes, values, paddedLength);
    }

    /// <summary>The scalar twin of <see cref="Halve"/>.</summary>
    internal static int ScalarHalve(byte* codes, sbyte* values, int length)
    {
        var sum = 0;
        for (var i = 0; i < length; i++)
        {
            values[i] = (sbyte)((codes[i] - 128) / 2);
            sum += values[i];
        }
        return sum;
    }

    /// <summary>Asks for memory that is read soon; does nothing where that cannot be asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address, int bytes)
    {
        if (!Sse.IsSupported) return;
        for (var i = 0; i < bytes; i += 64) Sse.Prefetch0((byte*)address + i);
    }

    /// <summary>The scalar twin of <see cref="Dot"/>.</summary>
    internal static int ScalarDot(byte* codes, sbyte* query, int length)
    {
        var sum = 0;
        for (var i = 0; i < length; i++) sum += codes[i] * query[i];
        return sum;
    }

    /// <summary>For instruction sets that have no multiply of unsigned by signed bytes (ARM64, SSE).</summary>
    internal static int PortableDot(byte* codes, sbyte* query, int paddedLength)
    {
        var sum = Vector128<int>.Zero;
        for (var i = 0; i < paddedLength; i += 16)
        {
            var (codesLow, codesHigh) = Vector128.Widen(Vector128.Load(codes + i));
            var (queryLow, queryHigh) = Vector128.Widen(Vector128.Load(query + i));
            // Each product is below 2^14 and their sum below 2^15.
            var products = (codesLow.AsInt16() * queryLow) + (codesHigh.AsInt16() * queryHigh);
            var (low, high) = Vector128.Widen(products);
            sum += low + high;
        }
        return Vector128.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Pairs512(byte* codes, sbyte* query) =>
        Avx512BW.MultiplyAddAdjacent(
            Avx512BW.MultiplyAddAdjacent(Vector512.Load(codes), Vector512.Load(query)), Vector512.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pairs256(byte* codes, sbyte* query) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Vector256.Load(codes), Vector256.Load(query)), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3)
    {
        var pairs = Avx2.HorizontalAdd(Avx2.HorizontalAdd(s0, s1), Avx2.HorizontalAdd(s2, s3));
        return pairs.GetLower() + pairs.GetUpper();
    }
}
