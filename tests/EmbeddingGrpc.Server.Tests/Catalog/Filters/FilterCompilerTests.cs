using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Catalog.Filters;

public sealed class FilterCompilerTests : IDisposable
{
    private const int Items = 12;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Gen<ItemFilter> Leaves = Gen.OneOf(
        Gen.Int[0, 6].Array[1, 3].Select(brands => (ItemFilter)new TextFilter("brand", [.. brands.Select(brand => $"brand-{brand}")], All: false) { Field = "f" }),
        Gen.Select(Gen.Int[0, AttributeSamples.Tags.Length - 1].Array[1, 3], Gen.Bool).Select((tags, all) => (ItemFilter)new TextFilter("tags", [.. tags.Select(tag => AttributeSamples.Tags[tag])], all) { Field = "f" }),
        Gen.Select(Gen.Int[-1, 21], Gen.Bool, Gen.Int[-1, 21], Gen.Bool).Select((least, leastIn, most, mostIn) => (ItemFilter)new NumberFilter("price", least, leastIn, most, mostIn) { Field = "f" }),
        Gen.Bool.Select(value => (ItemFilter)new BooleanFilter("in_stock", value) { Field = "f" }),
        Gen.Select(Gen.Int[0, 20], Gen.Int[0, 20], Gen.Int[0, 2]).Select((from, to, which) =>
            (ItemFilter)new TimeFilter("released", which == 0 ? null : Start.AddDays(from), which == 1 ? null : Start.AddDays(to)) { Field = "f" }),
        Gen.Int[0, 4].Select(name => (ItemFilter)new HasFilter(Names[name]) { Field = "f" }),
        Gen.Int[0, Items + 2].Array[1, 5].Select(items => (ItemFilter)new OneOfItemsFilter([.. items.Select(item => $"item-{item}")]) { Field = "f" }));

    private readonly ItemKeys _keys = new();
    private readonly Generation _generation;

    public FilterCompilerTests() => _generation = new Generation(TestGenerations.Parts(Items), _keys);

    private static string[] Names => ["brand", "tags", "price", "in_stock", "released"];

    [Fact]
    public void Compile_AnyFilterOverAnyCatalogue_HoldsWhereItSaysSo() =>
        Gen.Select(Gen.Select(Gen.Int[0, Items + 2], AttributeSamples.Attributes).Array[0, 30], Filters(depth: 3)).Sample(
            (upserts, filter) =>
            {
                var keys = new ItemKeys();
                var generation = new Generation(TestGenerations.Parts(Items), keys);
                var catalog = Catalog(keys);
                var expected = new Dictionary<string, IReadOnlyDictionary<string, AttributeValue>>();
                for (var at = 0; at < upserts.Length; at++)
                {
                    var id = $"item-{upserts[at].Item1}";
                    catalog.Apply(new ItemUpserted(id, AttributeCodec.Encode(upserts[at].Item2)), new LogOffset(100 + at));
                    expected[id] = upserts[at].Item2;
                }

                var compiled = new FilterCompiler(catalog, generation).Compile(filter);
                var (many, one) = (new FewItems(1000), new FewItems(1));
                var (listsMany, listsOne) = (compiled.TryList(many), compiled.TryList(one));
                Assert.True(listsMany || !listsOne);

                for (var item = 0; item < Items + 3; item++)
                {
                    // Some are in the generation, some only in the catalogue, some have never been seen and have no key.
                    var id = $"item-{item}";
                    var asked = new FilteredItem(keys.TryGet(id, out var key) ? key : FilteredItem.NoKey, item < Items ? new ItemOrdinal(item) : FilteredItem.NoOrdinal);
                    if (asked.Key == FilteredItem.NoKey && item >= Items) continue;
                    var holds = Holds(filter, id, expected.GetValueOrDefault(id, AttributeCodec.None));
                    Assert.Equal(holds, compiled.Accepts(asked));
                    if (item < Items) Assert.Equal(asked.Key != FilteredItem.NoKey, generation.TryGetKey(new ItemOrdinal(item), out _));
                    if (!holds) continue;
                    // What holds is listed, under one of its names at least.
                    if (listsMany) Assert.True(many.Keys.Contains(asked.Key.Value) || many.Ordinals.Contains(asked.Ordinal.Value));
                    if (listsOne) Assert.True(one.Keys.Contains(asked.Key.Value) || one.Ordinals.Contains(asked.Ordinal.Value));
                }

                generation.Release();
            },
            iter: 500,
            threads: 1);

    [Theory]
    [InlineData("colour", "f.attribute: no item ever had 'colour'; known are brand, in_stock, price, released, tags")]
    [InlineData("brand", "f.attribute: 'brand' is a text; use a text condition")]
    [InlineData("tags", "f.attribute: 'tags' is a text_set; use a text condition")]
    [InlineData("in_stock", "f.attribute: 'in_stock' is a boolean; use a boolean condition")]
    [InlineData("released", "f.attribute: 'released' is a timestamp; use a time condition")]
    public void Compile_NumberConditionOnAnotherAttribute_SaysWhatItIs(string attribute, string message) =>
        Assert.Equal(message, Refusal(new NumberFilter(attribute, 0, true, 1, true) { Field = "f" }));

    [Fact]
    public void Compile_AllOfSeveralTexts_IsForSetsOnly() =>
        Assert.Equal("f.all_of: 'brand' is a text, and has one value; use any_of", Refusal(new TextFilter("brand", ["a", "b"], All: true) { Field = "f" }));

    [Fact]
    public void Compile_EmptyCatalogue_SaysSo() =>
        Assert.Equal(
            "f.attribute: 'price' is unknown: the catalogue has no attributes yet; upsert items first",
            Assert.Throws<InvalidFilterException>(() => new FilterCompiler(new ItemCatalog(_keys, TimeProvider.System), _generation).Compile(new HasFilter("price") { Field = "f" })).Message);

    [Fact]
    public void Accepts_AttributeThatChangesMeanwhile_IsSeen()
    {
        var catalog = Catalog(_keys);
        var compiled = new FilterCompiler(catalog, _generation).Compile(new NumberFilter("price", 5, true, 5, true) { Field = "f" });
        Assert.True(_keys.TryGet("all", out var key));
        Assert.False(compiled.Accepts(new FilteredItem(key, FilteredItem.NoOrdinal)));

        catalog.Apply(new ItemUpserted("all", AttributeCodec.Encode(new Dictionary<string, AttributeValue> { ["price"] = AttributeValue.Of(5) })), new LogOffset(50));

        Assert.True(compiled.Accepts(new FilteredItem(key, FilteredItem.NoOrdinal)));
    }

    public void Dispose() => _generation.Release();

    private static Gen<ItemFilter> Filters(int depth) => depth == 0
        ? Leaves
        : Gen.OneOf(
            Leaves,
            Filters(depth - 1).Array[0, 3].Select(filters => (ItemFilter)new AllOfFilter(filters) { Field = "f" }),
            Filters(depth - 1).Array[1, 3].Select(filters => (ItemFilter)new AnyOfFilter(filters) { Field = "f" }),
            Filters(depth - 1).Select(filter => (ItemFilter)new NotFilter(filter) { Field = "f" }));

    private static bool Holds(ItemFilter filter, string id, IReadOnlyDictionary<string, AttributeValue> attributes) => filter switch
    {
        AllOfFilter all => all.Filters.All(one => Holds(one, id, attributes)),
        AnyOfFilter any => any.Filters.Any(one => Holds(one, id, attributes)),
        NotFilter negated => !Holds(negated.Filter, id, attributes),
        HasFilter has => attributes.ContainsKey(has.Attribute),
        OneOfItemsFilter items => items.ItemIds.Contains(id),
        TextFilter { Attribute: "brand" } text => attributes.TryGetValue("brand", out var brand) && text.Texts.Contains(brand.Text),
        TextFilter text => attributes.TryGetValue("tags", out var tags) && (text.All ? text.Texts.All(tags.TextSet.Contains) : text.Texts.Any(tags.TextSet.Contains)),
        NumberFilter range => attributes.TryGetValue("price", out var price)
            && (price.Number > range.Least || (range.LeastIsIn && price.Number.Equals(range.Least))) && (price.Number < range.Most || (range.MostIsIn && price.Number.Equals(range.Most))),
        BooleanFilter boolean => attributes.TryGetValue("in_stock", out var stock) && stock.Boolean == boolean.Value,
        TimeFilter time => attributes.TryGetValue("released", out var released)
            && (time.NotBefore is null || released.Timestamp >= time.NotBefore) && (time.Before is null || released.Timestamp < time.Before),
        _ => throw new ArgumentException(filter.ToString()),
    };

    // The item 'all' has every attribute, so that all of them are known.
    private static ItemCatalog Catalog(ItemKeys keys)
    {
        var catalog = new ItemCatalog(keys, TimeProvider.System);
        var all = new Dictionary<string, AttributeValue>
        {
            ["brand"] = AttributeValue.Of("brand-0"),
            ["tags"] = AttributeValue.Of(["red"]),
            ["price"] = AttributeValue.Of(1),
            ["in_stock"] = AttributeValue.Of(true),
            ["released"] = AttributeValue.Of(Start),
        };
        catalog.Apply(new ItemUpserted("all", AttributeCodec.Encode(all)), new LogOffset(0));
        return catalog;
    }

    private string Refusal(ItemFilter filter) => Assert.Throws<InvalidFilterException>(() => new FilterCompiler(Catalog(_keys), _generation).Compile(filter)).Message;
}
