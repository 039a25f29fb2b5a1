using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Items;

public sealed class JsonItemsTests
{
    [Fact]
    public void Read_EveryType_IsUnderstood()
    {
        var item = Assert.Single(Read(
            """{"item_id": "a", "attributes": {"t": "x", "s": ["b", "a"], "n": -1.5e3, "y": true, "d": {"timestamp": "1995-12-15T01:02:03.5Z"}, "u": {"textSet": {"values": ["c"]}}, "z": null}}""")).Item!;

        Assert.Equal("d=1995-12-15T01:02:03.5Z  n=-1500  s=b|a  t=x  u=c  y=true", ItemText.Of(item));
    }

    [Fact]
    public void Read_EmptyLines_ArePassedOver() =>
        Assert.Equal([("a", 2L), ("b", 4L)], Read("\n{\"item_id\": \"a\"}\n\r\n{\"itemId\": \"b\"}").Select(one => (one.Item!.ItemId, one.Line)));

    [Theory]
    [InlineData("nonsense", "not JSON: ")]
    [InlineData("[1]", "is not an object")]
    [InlineData("{}", "has no item_id")]
    [InlineData("""{"item_id": 5}""", "has 'item_id': 5; expected item_id, a string")]
    [InlineData("""{"item_id": "a", "atributes": {}}""", "has 'atributes': {}; expected")]
    [InlineData("""{"item_id": "a", "attributes": {"x": [1, 2]}}""", "attribute 'x' is [1, 2]; expected a string")]
    [InlineData("""{"item_id": "a", "attributes": {"x": {"money": 1}}}""", "attribute 'x': ")]
    public void Read_BadLine_IsRefusedWithItsReasonAndTheNextIsRead(string line, string problem)
    {
        var items = Read($"{line}\n{{\"item_id\": \"good\"}}");

        Assert.StartsWith(problem, items[0].Problem, StringComparison.Ordinal);
        Assert.Equal("good", items[1].Item!.ItemId);
    }

    private static List<ReadItem> Read(string text) => [.. JsonItems.Read(new LineReader(new StringReader(text), "items.jsonl"))];
}
