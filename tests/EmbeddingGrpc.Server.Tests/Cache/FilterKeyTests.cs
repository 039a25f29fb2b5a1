using CsCheck;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Catalog.Filters;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class FilterKeyTests
{
    private const int Enough = 1 << 20;

    // Few and short names, so that equal and confusingly similar filters are drawn often.
    private static readonly Gen<string> Name = Gen.String[Gen.Char["ab"], 1, 2];

    private static readonly Gen<ItemFilter> Leaf = Gen.OneOf(
        Name.Select(name => (ItemFilter)new HasFilter(name) { Field = "f" }),
        Gen.Select(Name, Name.Array[1, 3], Gen.Bool, (name, texts, all) => (ItemFilter)new TextFilter(name, texts, all) { Field = "f" }),
        Name.Array[1, 3].Select(items => (ItemFilter)new OneOfItemsFilter(items) { Field = "f" }),
        Gen.Select(Name, Gen.Bool, (name, value) => (ItemFilter)new BooleanFilter(name, value) { Field = "f" }),
        Gen.Select(Name, Gen.Int[0, 1], Gen.Bool, Gen.Int[1, 2], Gen.Bool, (name, least, leastIsIn, most, mostIsIn) => (ItemFilter)new NumberFilter(name, least, leastIsIn, most, mostIsIn) { Field = "f" }),
        Gen.Select(Name, Gen.Int[0, 1], (name, day) => (ItemFilter)new TimeFilter(name, day == 0 ? null : DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1)) { Field = "f" }));

    private static readonly Gen<ItemFilter> Tree = Gen.OneOf(
        Leaf,
        Leaf.Select(one => (ItemFilter)new NotFilter(one) { Field = "f" }),
        Leaf.Array[1, 3].Select(all => (ItemFilter)new AllOfFilter(all) { Field = "f" }),
        Leaf.Array[1, 3].Select(any => (ItemFilter)new AnyOfFilter(any) { Field = "f" }));

    [Fact]
    public void Of_AnyTwoFilters_BytesAreEqualExactlyWhereTheySayTheSame() =>
        Gen.Select(Tree, Tree).Sample((left, right) => Assert.Equal(Describe(left) == Describe(right), Bytes(left).SequenceEqual(Bytes(right))), iter: 20_000);

    [Fact]
    public void Of_ConditionsInAnotherOrderAndTwice_SameBytes()
    {
        ItemFilter one = new TextFilter("genre", ["b", "a", "b"], All: false) { Field = "filter.all_of.filters[0].text" };
        ItemFilter other = new TextFilter("genre", ["a", "b"], All: false) { Field = "filter.all_of.filters[1].text" };
        ItemFilter has = new HasFilter("year") { Field = "f" };

        Assert.Equal(Bytes(one), Bytes(other));
        Assert.Equal(Bytes(new AllOfFilter([one, has, other]) { Field = "f" }), Bytes(new AllOfFilter([has, other]) { Field = "f" }));
        Assert.Equal(Bytes(one), Bytes(new AnyOfFilter([one]) { Field = "f" }));
        Assert.NotEqual(Bytes(new AllOfFilter([one, has]) { Field = "f" }), Bytes(new AnyOfFilter([one, has]) { Field = "f" }));
    }

    [Fact]
    public void Of_LongerThanAllowed_IsNull()
    {
        var items = new OneOfItemsFilter([.. Enumerable.Range(0, 100).Select(item => $"item-{item:000}")]) { Field = "f" };
        var length = Bytes(items).Length;

        Assert.NotNull(FilterKey.Of(items, length));
        Assert.Null(FilterKey.Of(items, length - 1));
        Assert.Null(FilterKey.Of(new NotFilter(items) { Field = "f" }, 50));
    }

    private static byte[] Bytes(ItemFilter filter) => FilterKey.Of(filter, Enough)!;

    private static string Describe(ItemFilter filter) => filter switch
    {
        AllOfFilter all => List("all", all.Filters),
        AnyOfFilter any => List("any", any.Filters),
        NotFilter not => $"not({Describe(not.Filter)})",
        TextFilter text => $"text {text.Attribute} {text.All} {string.Join(',', text.Texts.Distinct().Order(StringComparer.Ordinal))}",
        OneOfItemsFilter items => $"items {string.Join(',', items.ItemIds.Distinct().Order(StringComparer.Ordinal))}",
        var other => other.ToString(),
    };

    private static string List(string name, IEnumerable<ItemFilter> filters)
    {
        var distinct = filters.Select(Describe).Distinct().Order(StringComparer.Ordinal).ToList();
        return distinct.Count == 1 ? distinct[0] : $"{name}({string.Join(';', distinct)})";
    }
}
