using System.Runtime.Intrinsics.X86;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

public sealed unsafe class PackedKernelsTests
{
    public static TheoryData<int, int> Layouts => new(from bits in Enumerable.Range(4, 5) from lines in (int[])[1, 2, 3, 6] select (bits, lines));

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Products_ExtremesAndRandom_AreExactForEveryCount(int bits, int lines)
    {
        const int Rows = 11;
        var layout = new PackedLayout(bits, lines, 0);
        var random = new Random((bits * 10) + lines);
        using var rows = new AlignedBuffer(Rows * layout.Stride);
        using var query = new AlignedBuffer(layout.QueryBytes);
        using var items = new AlignedBuffer(64);
        using var products = new AlignedBuffer(64);
        for (var round = 0; round < 30; round++)
        {
            // Extremes first: the largest codes against the largest values of either sign.
            for (var i = 0; i < Rows * layout.Stride; i++) rows.Bytes[i] = round < 2 ? byte.MaxValue : (byte)random.Next(256);
            var limit = PackedKernels.QueryLimit(bits);
            query.Clear();
            for (var line = 0; line < lines; line++)
            {
                for (var i = 0; i < layout.PerLine; i++)
                {
                    query.Signed[(line * PackedLayout.Lanes) + i] = (sbyte)(round < 2 ? (round == 0 ? limit : -limit) : random.Next(-limit, limit + 1));
                }
            }
            var count = 1 + (round % Rows);
            for (var i = 0; i < count; i++) ((uint*)items.Bytes)[i] = (uint)random.Next(Rows);
            PackedKernels.Products(rows.Bytes, layout, (uint*)items.Bytes, count, query.Signed, (int*)products.Bytes);
            for (var i = 0; i < count; i++)
            {
                var row = rows.Bytes + (((uint*)items.Bytes)[i] * layout.Stride);
                var expected = Product(row, layout, query.Signed);
                Assert.Equal(expected, ((int*)products.Bytes)[i]);
                Assert.Equal(expected, PackedKernels.Product(row, layout, query.Signed));
                Assert.Equal(Product(row, layout with { Lines = 1 }, query.Signed), PackedKernels.LineByShift(row, bits, query.Signed));
                if (Bmi2.X64.IsSupported && Avx2.IsSupported)
                {
                    Assert.Equal(Product(row, layout with { Lines = 1 }, query.Signed), PackedKernels.LineByDeposit(row, bits, query.Signed));
                }
            }
        }
    }

    /// <summary>Bit by bit, as the layout is defined.</summary>
    private static int Product(byte* row, PackedLayout layout, sbyte* query)
    {
        var sum = 0;
        for (var line = 0; line < layout.Lines; line++)
        {
            for (var i = 0; i < layout.PerLine; i++)
            {
                var code = 0;
                for (var bit = 0; bit < layout.Bits; bit++)
                {
                    var at = (i * layout.Bits) + bit;
                    code |= ((row[(line * PackedLayout.LineBytes) + (at / 8)] >> (at % 8)) & 1) << bit;
                }
                sum += code * query[(line * PackedLayout.Lanes) + i];
            }
        }
        return sum;
    }
}
