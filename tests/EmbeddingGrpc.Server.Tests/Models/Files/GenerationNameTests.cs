using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

public sealed class GenerationNameTests
{
    [Theory]
    [InlineData(1, 0xAAul, "000001-00000000000000aa")]
    [InlineData(1_234_567, ulong.MaxValue, "1234567-ffffffffffffffff")]
    public void ToString_AndTryParse_AreInverse(long number, ulong id, string text)
    {
        var name = new GenerationName(number, id);

        Assert.Equal(text, name.ToString());
        Assert.True(GenerationName.TryParse(text, out var parsed));
        Assert.Equal(name, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1-00000000000000aa")]
    [InlineData("000001-00000000000000AA")]
    [InlineData("000001-00000000000000aa.bak")]
    [InlineData(".tmp-000001-00000000000000aa")]
    [InlineData("000001-00000000000000aa\n")]
    [InlineData("9999999999999999999-00000000000000aa")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(GenerationName.TryParse(text, out _));
}
