namespace EmbeddingGrpc.Numerics.Tests;

public sealed unsafe class EmbeddingMatrixTests
{
    [Theory]
    [InlineData(1, 16)]
    [InlineData(16, 16)]
    [InlineData(17, 32)]
    [InlineData(100, 112)]
    [InlineData(1024, 1024)]
    public void StrideOf_AnyDimension_IsItRoundedUpToACacheLine(int dimension, int stride) =>
        Assert.Equal(stride, EmbeddingMatrix.StrideOf(dimension));

    [Fact]
    public void Constructor_AnyShape_RowsAreZeroAlignedAndOfTheDimension()
    {
        using var matrix = new EmbeddingMatrix(5, 33);
        for (int row = 0; row < 5; row++)
        {
            var values = matrix[new ItemOrdinal(row)];
            Assert.Equal(33, values.Length);
            Assert.False(values.ContainsAnyExcept(0f));
            fixed (float* start = values)
            {
                Assert.Equal(0, (nint)start % EmbeddingMatrix.Alignment);
            }
        }
    }

    [Fact]
    public void Indexer_RowOutsideTheMatrix_Throws()
    {
        using var matrix = new EmbeddingMatrix(5, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix[new ItemOrdinal(5)].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix[new ItemOrdinal(-1)].Length);
    }

    [Fact]
    public void Indexer_AfterDispose_Throws()
    {
        var matrix = new EmbeddingMatrix(5, 3);
        matrix.Dispose();
        matrix.Dispose();
        Assert.Throws<ObjectDisposedException>(() => matrix[new ItemOrdinal(0)].Length);
    }
}
