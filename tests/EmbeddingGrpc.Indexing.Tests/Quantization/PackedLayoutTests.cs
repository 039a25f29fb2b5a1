using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Tests.Quantization;

public sealed class PackedLayoutTests
{
    [Theory]
    [InlineData(1, 8, 1)]
    [InlineData(64, 8, 1)]
    [InlineData(65, 7, 1)]
    [InlineData(100, 5, 1)]
    [InlineData(102, 5, 1)]
    [InlineData(103, 8, 2)]
    [InlineData(128, 8, 2)]
    [InlineData(768, 5, 8)]
    public void For_ADimension_TakesTheFewestLinesThenTheMostBits(int dimension, int bits, int lines)
    {
        var layout = PackedLayout.For(dimension, tail: 0, CodePrecision.FewestLines);
        Assert.Equal((bits, lines), (layout.Bits, layout.Lines));
    }

    [Fact]
    public void For_EveryDimension_HoldsItAndLeavesTheTail()
    {
        for (var dimension = 1; dimension <= 2048; dimension++)
        {
            for (var tail = 0; tail <= 2; tail++)
            {
                var precision = (CodePrecision)(dimension % 2);
                var layout = PackedLayout.For(dimension, tail, precision);
                if (precision == CodePrecision.EightBits) Assert.Equal(8, layout.Bits);
                var last = (dimension - 1) % layout.PerLine;
                Assert.InRange(dimension, 1, layout.Capacity);
                if ((dimension - 1) / layout.PerLine == layout.Lines - 1)
                {
                    Assert.InRange((last + 1) * layout.Bits, 1, (PackedLayout.LineBytes - tail) * 8);
                }
            }
        }
    }
}
