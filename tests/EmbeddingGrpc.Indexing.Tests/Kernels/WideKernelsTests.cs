using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

public sealed unsafe class WideKernelsTests
{
    [Fact]
    public void Products_ExtremesAndRandom_AreExactForEveryDimension()
    {
        const int Rows = 5;
        var items = stackalloc uint[] { 3, 0, 4, 4, 1 };
        var products = stackalloc int[5];
        foreach (var dimension in Enumerable.Range(1, 130).Concat([256, 1000, 4096]))
        {
            var layout = PackedLayout.For(dimension, 0, CodePrecision.SixteenBits);
            var range = CodeRange.Of(layout, dimension);
            Assert.InRange((long)dimension * ((range.Levels / 2) + 1) * range.QueryLimit, 1, (long)int.MaxValue + 1 + ((long)dimension * range.QueryLimit));
            var random = new Random(dimension);
            using var rows = new AlignedBuffer(Rows * layout.Stride);
            using var query = new AlignedBuffer(layout.QueryBytes);
            var values = (short*)query.Bytes;
            for (var round = 0; round < 4; round++)
            {
                for (var i = 0; i < dimension; i++) values[i] = (short)(round < 2 ? range.QueryLimit : random.Next(-range.QueryLimit, range.QueryLimit + 1));
                for (var row = 0; row < Rows; row++)
                {
                    // What lies behind the values is not zero, as a row's tail is not.
                    new Span<byte>(rows.Bytes + (row * layout.Stride), layout.Stride).Fill(77);
                    for (var i = 0; i < dimension; i++)
                    {
                        ((short*)(rows.Bytes + (row * layout.Stride)))[i] = (short)(round switch
                        {
                            0 => range.Levels / 2,
                            1 => -range.Levels / 2,
                            _ => random.Next(-range.Levels / 2, (range.Levels / 2) + 1),
                        });
                    }
                }
                PackedKernels.Products(rows.Bytes, layout, items, 5, query.Signed, products);
                for (var i = 0; i < 5; i++)
                {
                    var row = (short*)(rows.Bytes + (items[i] * layout.Stride));
                    long expected = 0;
                    for (var j = 0; j < dimension; j++) expected += (long)row[j] * values[j];
                    Assert.Equal(expected, products[i]);
                    Assert.Equal(expected, WideKernels.ScalarDot(row, values, layout.Stride / sizeof(short)));
                }
            }
        }
    }
}
