using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

public sealed unsafe class CodeKernelsTests
{
    [Fact]
    public void AllProducts_ExtremesAndRandom_AreExact()
    {
        var random = new Random(2);
        using var rows = new AlignedBuffer(4 * 256);
        using var query = new AlignedBuffer(256);
        for (var round = 0; round < 200; round++)
        {
            var length = 64 * (1 + (round % 4));
            for (var i = 0; i < 4 * 256; i++) rows.Bytes[i] = round < 4 ? (byte)255 : (byte)random.Next(1, 256);
            for (var i = 0; i < 256; i++) query.Signed[i] = (sbyte)(round < 4 ? (round % 2 == 0 ? 63 : -63) : random.Next(-63, 64));
            var expected = Enumerable.Range(0, 4).Select(row => Product(rows, row, query, length)).ToArray();
            var four = CodeKernels.Dot4(rows.Bytes, rows.Bytes + 256, rows.Bytes + 512, rows.Bytes + 768, query.Signed, length);
            for (var row = 0; row < 4; row++)
            {
                Assert.Equal(expected[row], four[row]);
                Assert.Equal(expected[row], CodeKernels.Dot(rows.Bytes + (256 * row), query.Signed, length));
                Assert.Equal(expected[row], CodeKernels.PortableDot(rows.Bytes + (256 * row), query.Signed, length));
                Assert.Equal(expected[row], CodeKernels.ScalarDot(rows.Bytes + (256 * row), query.Signed, length));
            }
        }
    }

    [Fact]
    public void Halve_EveryCode_RoundsTowardZero()
    {
        using var codes = new AlignedBuffer(256);
        using var values = new AlignedBuffer(256);
        using var scalar = new AlignedBuffer(256);
        for (var i = 0; i < 256; i++) codes.Bytes[i] = (byte)Math.Max(1, i);
        var sum = CodeKernels.Halve(codes.Bytes, values.Signed, 256);
        Assert.Equal(CodeKernels.ScalarHalve(codes.Bytes, scalar.Signed, 256), sum);
        for (var i = 1; i < 256; i++)
        {
            Assert.Equal((i - 128) / 2, values.Signed[i]);
            Assert.Equal(scalar.Signed[i], values.Signed[i]);
        }
    }

    private static int Product(AlignedBuffer rows, int row, AlignedBuffer query, int length)
    {
        var sum = 0;
        for (var i = 0; i < length; i++) sum += rows.Bytes[(256 * row) + i] * query.Signed[i];
        return sum;
    }
}
