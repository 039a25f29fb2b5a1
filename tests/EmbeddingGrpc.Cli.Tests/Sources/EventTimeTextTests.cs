using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Sources;

public sealed class EventTimeTextTests
{
    [Theory]
    [InlineData("1260759144", 1260759144000)]
    [InlineData("1260759144000", 1260759144000)]
    [InlineData("1260759144.25", 1260759144250)]
    [InlineData("0", 0)]
    [InlineData("2009-12-14T02:52:24Z", 1260759144000)]
    [InlineData("2009-12-14T03:52:24+01:00", 1260759144000)]
    [InlineData("2009-12-14 02:52:24", 1260759144000)]
    public void TryParse_KnownForms_GivesMilliseconds(string text, long expected)
    {
        Assert.True(EventTimeText.TryParse(text, out var milliseconds));
        Assert.Equal(expected, milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("NaN")]
    [InlineData("1e300")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(EventTimeText.TryParse(text, out _));
}
