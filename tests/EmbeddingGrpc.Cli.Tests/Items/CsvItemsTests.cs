using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Items;

public sealed class CsvItemsTests
{
    [Fact]
    public void Read_TypedColumns_AreTypedAttributes()
    {
        var items = Read(
            "sku,title,tags,price,stock,released\na,\"Heat, \"\"1995\"\"\",red|blue||,9.50,YES,1995-12-15\nb,,,,0,\n",
            "item=sku,title,tags:set,cost=price:number,stock:boolean,released:time");

        Assert.Equal(
            ["cost=9.5  released=1995-12-15T00:00:00Z  stock=true  tags=red|blue  title=Heat, \"1995\"", "stock=false"],
            items.Select(one => ItemText.Of(one.Item!)));
        Assert.Equal([("a", 2L), ("b", 3L)], items.Select(one => (one.Item!.ItemId, one.Line)));
    }

    [Fact]
    public void Read_NoColumnsNamed_TakesAllAsTexts() =>
        Assert.Equal("m title=Metropolis  year=1927", Read("id,title,year\nm,Metropolis,1927\n", null).Select(one => $"{one.Item!.ItemId} {ItemText.Of(one.Item)}").Single());

    [Theory]
    [InlineData("a,cheap,1\n", "price 'cheap' is not a number")]
    [InlineData("a,1,perhaps\n", "sale 'perhaps' is not true or false (or 1, 0, yes, no)")]
    [InlineData("a,1\n", "has 2 columns; the header promises 3")]
    public void Read_BadRow_IsRefusedWithItsReasonAndTheNextIsRead(string row, string problem)
    {
        var items = Read($"id,price,sale\n{row}b,2,1\n", "item=id,price:number,sale:boolean");

        Assert.Equal((2L, problem), (items[0].Line, items[0].Problem));
        Assert.Equal("b", items[1].Item!.ItemId);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("id,title\na,b\n", "has no column 'price'; it has id, title")]
    public void Read_NotSuchAFile_SaysWhat(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<SourceFormatException>(() => Read(text, "item=id,price:number")).Message, StringComparison.Ordinal);

    private static List<ReadItem> Read(string text, string? columns) =>
        [.. CsvItems.Read(new StringReader(text), "items.csv", ItemColumns.Parse(columns, "|", out _)!)];
}
