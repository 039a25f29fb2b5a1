using EmbeddingGrpc.Cli.Items;

namespace EmbeddingGrpc.Cli.Tests.Items;

public sealed class ItemColumnsTests
{
    [Fact]
    public void Parse_EveryForm_IsUnderstood()
    {
        var columns = ItemColumns.Parse("item=movieId, title ,genres:set,cost=list_price:number,a:b:time", "|", out _);

        Assert.NotNull(columns);
        Assert.Equal("movieId", columns.ItemColumn);
        Assert.Equal(
            [
                new("title", "title", AttributeKind.Text),
                new("genres", "genres", AttributeKind.Set),
                new("cost", "list_price", AttributeKind.Number),
                new("a:b", "a:b", AttributeKind.Time),
            ],
            columns.Attributes);
    }

    [Fact]
    public void Parse_Nothing_TakesTheFirstColumnAsTheIdAndTheOthersAsTexts() =>
        Assert.Equal(new ItemColumns(null, null, ";"), ItemColumns.Parse(null, ";", out _));

    [Theory]
    [InlineData("price:money", "'money' is not a type; use one of text, set, number, boolean, time")]
    [InlineData("a=b,,c=d", "'' names no column")]
    [InlineData("=column", "'=column' names no column")]
    [InlineData("name=:set", "'name=:set' names no column")]
    public void Parse_Wrong_SaysWhatIs(string text, string problem)
    {
        Assert.Null(ItemColumns.Parse(text, "|", out var found));
        Assert.StartsWith(problem, found, StringComparison.Ordinal);
    }
}
