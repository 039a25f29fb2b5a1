using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>
/// Integer products of a query with rows of packed codes (<see cref="PackedLayout"/>), many rows a call so that the query stays in registers.
/// Exact: <see cref="QueryLimit"/> keeps every 16-bit sum of a pair below 2^15.
/// </summary>
internal static unsafe class PackedKernels
{
    /// <summary>Largest magnitude of a query's value: two products of it with the largest code must fit into 16 bits.</summary>
    public static int QueryLimit(int bits) => bits == 8 ? 63 : 127;

    /// <summary>Products of the query with rows.</summary>
    /// <param name="rows">First row of the table.</param>
    /// <param name="layout">Where the values lie.</param>
    /// <param name="items">[count] numbers of rows, readable up to a multiple of four.</param>
    /// <param name="count">How many.</param>
    /// <param name="query">[lines, 128].</param>
    /// <param name="products">[count] rounded up to a multiple of four; overwritten.</param>
    public static void Products(byte* rows, PackedLayout layout, uint* items, int count, sbyte* query, int* products)
    {
        if (layout.IsWide)
        {
            WideKernels.Products(rows, layout.Stride, items, count, (short*)query, products);
            return;
        }
        if (Avx512Vbmi.IsSupported)
        {
            // Up to six bits, four products fit into 16 bits together.
            if (layout.Lines == 1 && layout.Bits <= 6) ProductsOfOneLine(rows, layout.Bits, items, count, query, products);
            else ProductsOfLines(rows, layout, items, count, query, products);
            return;
        }
        for (var i = 0; i < count; i++) products[i] = Product(rows + ((long)items[i] * layout.Stride), layout, query);
    }

    /// <summary>The product of the query with one row, without 512-bit registers.</summary>
    internal static int Product(byte* row, PackedLayout layout, sbyte* query)
    {
        var sum = 0;
        for (var line = 0; line < layout.Lines; line++)
        {
            sum += Bmi2.X64.IsSupported && Avx2.IsSupported ? LineByDeposit(row, layout.Bits, query) : LineByShift(row, layout.Bits, query);
            row += PackedLayout.LineBytes;
            query += PackedLayout.Lanes;
        }
        return sum;
    }

    /// <summary>The scalar twin: one line, value by value.</summary>
    internal static int LineByShift(byte* line, int bits, sbyte* query)
    {
        var sum = 0;
        var mask = (1u << bits) - 1;
        var values = PackedLayout.LineBytes * 8 / bits;
        for (var i = 0; i < values; i++)
        {
            var bit = i * bits;
            var at = bit / 8;
            var pair = (uint)(line[at] | (at + 1 < PackedLayout.LineBytes ? line[at + 1] << 8 : 0));
            sum += (int)((pair >> (bit % 8)) & mask) * query[i];
        }
        return sum;
    }

    /// <summary>One line with AVX2: a deposit spreads the bits of eight values to eight bytes.</summary>
    internal static int LineByDeposit(byte* line, int bits, sbyte* query)
    {
        var mask = 0x0101010101010101UL * ((1UL << bits) - 1);
        var sum = Vector256<int>.Zero;
        var ones = Vector256.Create((short)1);
        for (var group = 0; group * bits < PackedLayout.LineBytes; group += 4)
        {
            var codes = Vector256.Create(
                Group(line, group, bits, mask), Group(line, group + 1, bits, mask), Group(line, group + 2, bits, mask), Group(line, group + 3, bits, mask));
            sum += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes.AsByte(), Vector256.Load(query + (8 * group))), ones);
        }
        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Group(byte* line, int group, int bits, ulong mask)
    {
        var at = group * bits;
        if (at >= PackedLayout.LineBytes) return 0;
        // The last groups are read with the eight bytes that end the line.
        const int Last = PackedLayout.LineBytes - sizeof(ulong);
        var packed = at <= Last ? *(ulong*)(line + at) : *(ulong*)(line + Last) >> (8 * (at - Last));
        return Bmi2.X64.ParallelBitDeposit(packed, mask);
    }

    private static void ProductsOfOneLine(byte* rows, int bits, uint* items, int count, sbyte* query, int* products)
    {
        var tables = UnpackTables.For(bits);
        var positions0 = Vector512.Load(tables);
        var positions1 = Vector512.Load(tables + 64);
        var shifts0 = Vector512.Load(tables + 128);
        var shifts1 = Vector512.Load(tables + 192);
        var mask = Vector512.Create((byte)((1 << bits) - 1));
        var query0 = Vector512.Load(query);
        var query1 = Vector512.Load(query + 64);
        var last = count - 1;
        for (var i = 0; i < count; i += 4)
        {
            var line0 = Vector512.Load(rows + ((long)items[i] * PackedLayout.LineBytes));
            var line1 = Vector512.Load(rows + ((long)items[Math.Min(i + 1, last)] * PackedLayout.LineBytes));
            var line2 = Vector512.Load(rows + ((long)items[Math.Min(i + 2, last)] * PackedLayout.LineBytes));
            var line3 = Vector512.Load(rows + ((long)items[Math.Min(i + 3, last)] * PackedLayout.LineBytes));
            SumsOfFour(
                Widen(Pairs(line0, positions0, shifts0, mask, query0) + Pairs(line0, positions1, shifts1, mask, query1)),
                Widen(Pairs(line1, positions0, shifts0, mask, query0) + Pairs(line1, positions1, shifts1, mask, query1)),
                Widen(Pairs(line2, positions0, shifts0, mask, query0) + Pairs(line2, positions1, shifts1, mask, query1)),
                Widen(Pairs(line3, positions0, shifts0, mask, query0) + Pairs(line3, positions1, shifts1, mask, query1))).Store(products + i);
        }
    }

    private static void ProductsOfLines(byte* rows, PackedLayout layout, uint* items, int count, sbyte* query, int* products)
    {
        var tables = UnpackTables.For(layout.Bits);
        var positions0 = Vector512.Load(tables);
        var positions1 = Vector512.Load(tables + 64);
        var shifts0 = Vector512.Load(tables + 128);
        var shifts1 = Vector512.Load(tables + 192);
        var mask = Vector512.Create((byte)((1 << layout.Bits) - 1));
        // Eight bits fill a line with one register of bytes.
        var registers = layout.Bits == 8 ? 1 : 2;
        var last = count - 1;
        for (var i = 0; i < count; i += 4)
        {
            var row0 = rows + ((long)items[i] * layout.Stride);
            var row1 = rows + ((long)items[Math.Min(i + 1, last)] * layout.Stride);
            var row2 = rows + ((long)items[Math.Min(i + 2, last)] * layout.Stride);
            var row3 = rows + ((long)items[Math.Min(i + 3, last)] * layout.Stride);
            var s0 = Vector512<int>.Zero;
            var s1 = Vector512<int>.Zero;
            var s2 = Vector512<int>.Zero;
            var s3 = Vector512<int>.Zero;
            for (var line = 0; line < layout.Lines; line++)
            {
                var at = line * PackedLayout.LineBytes;
                var values = Vector512.Load(query + (line * PackedLayout.Lanes));
                s0 += Widen(Pairs(Vector512.Load(row0 + at), positions0, shifts0, mask, values));
                s1 += Widen(Pairs(Vector512.Load(row1 + at), positions0, shifts0, mask, values));
                s2 += Widen(Pairs(Vector512.Load(row2 + at), positions0, shifts0, mask, values));
                s3 += Widen(Pairs(Vector512.Load(row3 + at), positions0, shifts0, mask, values));
                if (registers == 1) continue;
                values = Vector512.Load(query + (line * PackedLayout.Lanes) + 64);
                s0 += Widen(Pairs(Vector512.Load(row0 + at), positions1, shifts1, mask, values));
                s1 += Widen(Pairs(Vector512.Load(row1 + at), positions1, shifts1, mask, values));
                s2 += Widen(Pairs(Vector512.Load(row2 + at), positions1, shifts1, mask, values));
                s3 += Widen(Pairs(Vector512.Load(row3 + at), positions1, shifts1, mask, values));
            }
            SumsOfFour(s0, s1, s2, s3).Store(products + i);
        }
    }

    /// <summary>Unpacks 64 values of a line and multiplies them with the query's: sums of two products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(
        Vector512<byte> line, Vector512<byte> positions, Vector512<byte> shifts, Vector512<byte> mask, Vector512<sbyte> query) =>
        Avx512BW.MultiplyAddAdjacent(
            Avx512Vbmi.MultiShift(shifts, Avx512Vbmi.PermuteVar64x8(line, positions).AsUInt64()) & mask, query);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector512<short> pairs) => Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));

    /// <summary>The sums of four registers, by transposing within them: 13 instructions instead of four separate sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> SumsOfFour(Vector512<int> s0, Vector512<int> s1, Vector512<int> s2, Vector512<int> s3)
    {
        var s01 = Avx512F.UnpackLow(s0, s1) + Avx512F.UnpackHigh(s0, s1);
        var s23 = Avx512F.UnpackLow(s2, s3) + Avx512F.UnpackHigh(s2, s3);
        var sums = Avx512F.UnpackLow(s01.AsInt64(), s23.AsInt64()).AsInt32() + Avx512F.UnpackHigh(s01.AsInt64(), s23.AsInt64()).AsInt32();
        var half = sums.GetLower() + sums.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
