using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Catalog;

public sealed class ItemCatalogTests
{
    private readonly ItemKeys _items = new();
    private readonly ItemCatalog _catalog;

    public ItemCatalogTests() => _catalog = new ItemCatalog(_items, TimeProvider.System);

    [Fact]
    public void Apply_AnyHistory_IsWhatTheLastRecordOfEachItemSays() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], AttributeSamples.Attributes).Array[0, 60].Sample(
            records =>
            {
                var items = new ItemKeys();
                var catalog = new ItemCatalog(items, TimeProvider.System);
                var expected = new Dictionary<string, IReadOnlyDictionary<string, AttributeValue>?>();
                for (var offset = 0; offset < records.Length; offset++)
                {
                    var (item, kind, attributes) = records[offset];
                    catalog.Apply(Record($"i{item}", kind == 0 ? null : attributes), new LogOffset(offset));
                    expected[$"i{item}"] = kind == 0 ? null : attributes;
                }

                Assert.Equal((expected.Count(one => one.Value is not null), expected.Count(one => one.Value is null)), ((int)catalog.Count, catalog.Deleted.Count));
                for (var item = 0; item < 10; item++)
                {
                    var known = expected.TryGetValue($"i{item}", out var attributes);
                    Assert.Equal(known && attributes is null, catalog.IsDeleted($"i{item}"));
                    Assert.Equal(attributes is not null, catalog.TryGet($"i{item}", out var found));
                    if (attributes is not null) Assert.Equal(attributes.OrderBy(one => one.Key, StringComparer.Ordinal), found!.Attributes);
                }

                AssertColumns(catalog, items, expected);
            },
            iter: 300,
            threads: 1);

    [Fact]
    public void Apply_RecordsThatItHasAlready_ChangeNothing()
    {
        _catalog.Apply(Record("a", Price(1)), new LogOffset(0));
        _catalog.Apply(Record("a", Price(2)), new LogOffset(1));
        _catalog.Apply(new ItemDeleted("b"), new LogOffset(2));

        _catalog.Apply(Record("a", Price(1)), new LogOffset(0));
        _catalog.Apply(Record("b", Price(1)), new LogOffset(1));

        Assert.True(_catalog.TryGet("a", out var a));
        Assert.Equal(2, a.Attributes["price"].Number);
        Assert.True(_catalog.IsDeleted("b"));
    }

    [Fact]
    public void List_AfterAnItem_GoesOnBehindIt()
    {
        _items.GetOrAdd("clicked, not in the catalogue");
        foreach (var (id, offset) in new[] { ("b", 0), ("a", 1), ("gone", 2), ("c", 3) }) _catalog.Apply(Record(id, Price(offset)), new LogOffset(offset));
        _catalog.Apply(new ItemDeleted("gone"), new LogOffset(4));

        Assert.Equal(["b", "a", "c"], _catalog.List(after: null).Select(item => item.ItemId));
        Assert.Equal(["c"], _catalog.List(after: "a").Select(item => item.ItemId));
        Assert.Equal(["c"], _catalog.List(after: "gone").Select(item => item.ItemId));
        Assert.Empty(_catalog.List(after: "c"));
        Assert.Throws<KeyNotFoundException>(() => _catalog.List(after: "never"));
    }

    [Fact]
    public void Apply_ValueOfAnotherType_IsKeptAndNotFilteredBy()
    {
        _catalog.Apply(Record("a", Price(1)), new LogOffset(0));
        _catalog.Apply(Record("b", new Dictionary<string, AttributeValue> { ["price"] = AttributeValue.Of("cheap") }), new LogOffset(1));
        _catalog.Apply(new ItemDeleted("b"), new LogOffset(2));

        Assert.Equal(AttributeType.Number, _catalog.Schema.Types["price"]);
        Assert.Equal(1, _catalog.CountOf("price"));
    }

    [Fact]
    public void Apply_AttributesOfANewerVersion_AreAnErrorThatSaysSo() =>
        Assert.Throws<InvalidDataException>(() => _catalog.Apply(new ItemUpserted("a", new byte[] { 77 }), new LogOffset(0)));

    internal static LogRecord Record(string itemId, IReadOnlyDictionary<string, AttributeValue>? attributes) =>
        attributes is null ? new ItemDeleted(itemId) : new ItemUpserted(itemId, AttributeCodec.Encode(attributes));

    private static Dictionary<string, AttributeValue> Price(double price) => new() { ["price"] = AttributeValue.Of(price) };

    private static void AssertColumns(ItemCatalog catalog, ItemKeys items, Dictionary<string, IReadOnlyDictionary<string, AttributeValue>?> expected)
    {
        foreach (var name in new[] { "brand", "tags", "price", "in_stock", "released" })
        {
            Assert.Equal(expected.Values.Count(attributes => attributes?.ContainsKey(name) == true), catalog.CountOf(name));
            if (!catalog.Columns.TryGet(name, out var column)) continue;
            foreach (var (id, attributes) in expected)
            {
                Assert.True(items.TryGet(id, out var key));
                var value = attributes?.GetValueOrDefault(name);
                Assert.Equal(value is not null, column.Has(key));
                Assert.True(Holds(column, key, value), $"{id} has another {name} than {value}");
            }
        }
    }

    private static bool Holds(AttributeColumn column, ItemKey key, AttributeValue? value) => column switch
    {
        TextColumn texts => value is null || texts[key] == texts.HashOf(value.Text),
        TextSetColumn sets => AttributeSamples.Tags.All(tag => (sets.TryGetItems(tag, out var having) && having.Contains(key)) == (value?.TextSet.Contains(tag) ?? false)),
        NumberColumn numbers => numbers[key].Equals(value?.Number ?? double.NaN),
        BooleanColumn booleans => booleans.Is(key, true) == (value?.Boolean == true) && booleans.Is(key, false) == (value?.Boolean == false),
        TimestampColumn times => times[key] == (value?.Timestamp.UtcTicks ?? TimestampColumn.None),
        _ => false,
    };
}
