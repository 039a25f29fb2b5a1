using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Rest;

namespace EmbeddingGrpc.Server.Tests.Rest;

public sealed class QueryCheckTests
{
    private static readonly Dictionary<string, string> NoPath = [];

    [Theory]
    [InlineData("itemIds", "a")]
    [InlineData("item_ids", "a", "b")]
    [InlineData("table", "EMBEDDING_TABLE_OUTPUT")]
    [InlineData("table", "2")]
    public void Violations_OfARightParameter_AreNone(string name, params string[] values) =>
        Assert.Empty(QueryCheck.Violations([Parameter(name, values)], GetEmbeddingsRequest.Descriptor, NoPath));

    [Theory]
    [InlineData("tabel", "tabel", "EMBEDDING_TABLE_OUTPUT")]
    [InlineData("table", "table", "OUTPUT")]
    [InlineData("table", "table", "99")]
    [InlineData("table", "table", "+2")]
    [InlineData("table", "table", "1", "2")]
    [InlineData("itemIds.x", "itemIds.x", "a")]
    public void Violations_OfAWrongParameter_NameIt(string name, string field, params string[] values) =>
        Assert.Equal([field], QueryCheck.Violations([Parameter(name, values)], GetEmbeddingsRequest.Descriptor, NoPath).Select(violation => violation.Field));

    [Theory]
    [InlineData("item.itemId", "a", null)]
    [InlineData("k", "5", null)]
    [InlineData("k", "five", "k")]
    [InlineData("item.itemid", "a", "item.itemid")]
    [InlineData("excludeSeen", "yes", "exclude_seen")]
    [InlineData("item", "a", "item")]
    public void Violations_OfNestedParameters_FollowThePath(string name, string value, string? field) =>
        Assert.Equal(field is null ? [] : [field], QueryCheck.Violations([Parameter(name, value)], RecallRequest.Descriptor, NoPath).Select(violation => violation.Field));

    [Fact]
    public void Violations_OfWhatThePathHas_AreContradictions()
    {
        var violation = Assert.Single(QueryCheck.Violations([Parameter("model", "films")], GetModelRequest.Descriptor, new Dictionary<string, string> { ["model"] = "books" }));
        Assert.Equal("model", violation.Field);
        Assert.Contains("in the path already", violation.Description, StringComparison.Ordinal);
    }

    private static KeyValuePair<string, IReadOnlyList<string>> Parameter(string name, params string[] values) => new(name, values);
}
