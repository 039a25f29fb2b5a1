using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Tests.Catalog;

public sealed class AttributeSchemaTests
{
    private readonly AttributeSchema _schema = new();

    [Fact]
    public void Reserve_FirstUse_FixesTheType()
    {
        Assert.Empty(_schema.Reserve([Item("a", "price", AttributeValue.Of(1))]));

        var violation = Assert.Single(_schema.Reserve([Item("b", "price", AttributeValue.Of(2)), Item("c", "price", AttributeValue.Of("3"))]));

        Assert.Equal("items[1].attributes[price]", violation.Field);
        Assert.Equal("is a text; 'price' is a number since its first use, for every item", violation.Reason);
    }

    [Fact]
    public void Reserve_ContradictionWithinACall_FixesNothing()
    {
        Assert.Equal("items[1].attributes[x]", Assert.Single(_schema.Reserve([Item("a", "x", AttributeValue.Of(1)), Item("b", "x", AttributeValue.Of(true))])).Field);
        Assert.Empty(_schema.Types);
        Assert.Empty(_schema.Reserve([Item("b", "x", AttributeValue.Of(true))]));
    }

    [Fact]
    public void Reserve_TooManyNames_IsRefusedWhole()
    {
        for (var name = 0; name < CatalogRules.MaximumNames; name++) Assert.Empty(_schema.Reserve([Item("a", $"n{name}", AttributeValue.Of(1))]));

        Assert.Equal("items", Assert.Single(_schema.Reserve([Item("a", "one_more", AttributeValue.Of(1))])).Field);
        Assert.Empty(_schema.Reserve([Item("a", "n7", AttributeValue.Of(2))]));
    }

    private static CatalogItem Item(string id, string name, AttributeValue value) => new(id, new Dictionary<string, AttributeValue> { [name] = value });
}
