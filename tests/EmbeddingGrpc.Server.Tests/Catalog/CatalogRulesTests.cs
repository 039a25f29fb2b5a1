using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Tests.Catalog;

public sealed class CatalogRulesTests
{
    [Fact]
    public void Check_GoodItems_FindsNothing() =>
        Assert.Empty(CatalogRules.Check([Item("a", ("_x.y-z9", AttributeValue.Of("line\nbreak\tand tab"))), Item("b")]));

    [Fact]
    public void Check_EachFault_IsNamedWithItsField()
    {
        Assert.Equal(["items: has 0 items; must have 1..1000"], Faults());
        Assert.StartsWith("items[1].item_id: is empty", Assert.Single(Faults(Item("a"), Item(""))), StringComparison.Ordinal);
        Assert.StartsWith("items[0].item_id: has the control character U+0007", Assert.Single(Faults(Item("a\a"))), StringComparison.Ordinal);
        Assert.Equal(["items[2].item_id: is that of items[0], too; each item once a call"], Faults(Item("a"), Item("b"), Item("a")));
        Assert.StartsWith("items[0].attributes[2nd]: is not a name", Assert.Single(Faults(Item("a", ("2nd", AttributeValue.Of(1))))), StringComparison.Ordinal);
        Assert.StartsWith("items[0].attributes[a\nb]: is not a name", Assert.Single(Faults(Item("a", ("a\nb", AttributeValue.Of(1))))), StringComparison.Ordinal);
        Assert.Equal(["items[0].attributes[x]: is NaN; must be finite"], Faults(Item("a", ("x", AttributeValue.Of(double.NaN)))));
        Assert.StartsWith(
            "items[0].attributes[x]: has the control character U+0000 at position 1", Assert.Single(Faults(Item("a", ("x", AttributeValue.Of("a\0"))))), StringComparison.Ordinal);
        Assert.Equal(["items[0].attributes[x]: has a text of more than 4096 bytes of UTF-8"], Faults(Item("a", ("x", AttributeValue.Of(new string('ü', 2049))))));
        Assert.Equal(["items[0].attributes[x]: has a text of more than 256 bytes of UTF-8"], Faults(Item("a", ("x", AttributeValue.Of([new string('x', 257)])))));
        Assert.Equal(
            ["items[0].attributes[x]: has 1001 texts; a set has at most 1000"], Faults(Item("a", ("x", AttributeValue.Of(Enumerable.Range(0, 1001).Select(n => $"{n}"))))));
    }

    [Fact]
    public void Check_TenThousandAttributes_IsOneFaultNotTenThousand()
    {
        var attributes = Enumerable.Range(0, 10_000).Select(n => ($"a{n}", AttributeValue.Of(double.NaN))).ToArray();
        Assert.Equal(["items[0].attributes: has 10000; an item has at most 100"], Faults(Item("a", attributes)));
    }

    [Fact]
    public void Check_LongName_IsNotRepeatedWhole() =>
        Assert.True(Assert.Single(Faults(Item("a", (new string('n', 100_000), AttributeValue.Of(1))))).Length < 300);

    [Fact]
    public void Check_ManyFaults_NamesTheFirstTwenty() =>
        Assert.Equal(20, Faults([.. Enumerable.Range(0, 500).Select(n => Item($"bad\a{n}"))]).Length);

    [Fact]
    public void CheckIds_WrongOnes_AreNamedByPlace() =>
        Assert.Equal(["item_ids[1]"], CatalogRules.CheckIds(["good", "ba\rd"]).Select(violation => violation.Field));

    private static string[] Faults(params CatalogItem[] items) => [.. CatalogRules.Check(items).Select(violation => $"{violation.Field}: {violation.Reason}")];

    private static CatalogItem Item(string id, params (string Name, AttributeValue Value)[] attributes) =>
        new(id, attributes.ToDictionary(attribute => attribute.Name, attribute => attribute.Value));
}
