using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Recall;

namespace EmbeddingGrpc.Cli.Tests.Recall;

public sealed class VectorFileTests
{
    [Theory]
    [InlineData("1 -2.5 3e2")]
    [InlineData("[1, -2.5, 300]")]
    [InlineData("1\n-2.5\r\n300\n")]
    [InlineData("1,-2.5\t300")]
    public void Parse_AnyUsualForm_GivesTheValues(string text) => Assert.Equal([1f, -2.5f, 300f], VectorFile.Parse(text, "v"));

    [Fact]
    public void Parse_NotANumber_SaysWhichValue()
    {
        var e = Assert.Throws<CommandFailedException>(() => VectorFile.Parse("1 2 three", "v.txt"));

        Assert.StartsWith("v.txt: value 3 is 'three'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Empty_SaysSo() => Assert.Contains("is empty", Assert.Throws<CommandFailedException>(() => VectorFile.Parse(" [] ", "v")).Message, StringComparison.Ordinal);
}
