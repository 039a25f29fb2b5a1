using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class ModelNameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("films-2026.v2_b")]
    [InlineData("0")]
    public void Check_GoodName_HasNothingWrong(string name) => Assert.Null(ModelName.Check(name));

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("-x")]
    [InlineData("Films")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a\n")]
    [InlineData("a\u0000")]
    [InlineData("übung")]
    public void Check_BadName_SaysWhatIsAllowed(string name) => Assert.NotNull(ModelName.Check(name));

    [Fact]
    public void Check_Length_EndsAtTheMaximum()
    {
        Assert.Null(ModelName.Check(new string('a', ModelName.MaximumLength)));
        Assert.NotNull(ModelName.Check(new string('a', ModelName.MaximumLength + 1)));
    }
}
