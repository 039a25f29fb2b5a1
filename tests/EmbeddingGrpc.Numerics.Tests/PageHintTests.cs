namespace EmbeddingGrpc.Numerics.Tests;

public sealed class PageHintTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(100_000)]
    public void WillFill_AnyLength_ChangesNoValue(int length)
    {
        var values = Enumerable.Range(0, length + 2).Select(i => (long)i).ToArray();

        PageHint.WillFill(values.AsSpan(1, length));

        Assert.Equal(Enumerable.Range(0, length + 2).Select(i => (long)i), values);
    }
}
