using CsCheck;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Tests.Catalog;

/// <summary>Attributes as a shop might have them: a few names, each always of one type.</summary>
internal static class AttributeSamples
{
    public static readonly string[] Tags = ["red", "green", "blue", "sale", "new"];

    private static readonly Gen<AttributeValue> Brand = Gen.Int[0, 4].Select(brand => AttributeValue.Of($"brand-{brand}"));
    private static readonly Gen<AttributeValue> TagSet = Gen.Int[0, Tags.Length - 1].Array[0, 4].Select(tags => AttributeValue.Of(tags.Select(tag => Tags[tag])));
    private static readonly Gen<AttributeValue> Price = Gen.Int[0, 20].Select(price => AttributeValue.Of((double)price));
    private static readonly Gen<AttributeValue> InStock = Gen.Bool.Select(AttributeValue.Of);

    private static readonly Gen<AttributeValue> Released =
        Gen.Int[0, 20].Select(day => AttributeValue.Of(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day)));

    /// <summary>Any of them, each there or not.</summary>
    public static Gen<IReadOnlyDictionary<string, AttributeValue>> Attributes { get; } =
        Gen.Select(Gen.Int[0, 31], Brand, TagSet, Price, InStock, Released).Select((which, brand, tags, price, inStock, released) =>
        {
            (string Name, AttributeValue Value)[] all = [("brand", brand), ("tags", tags), ("price", price), ("in_stock", inStock), ("released", released)];
            return (IReadOnlyDictionary<string, AttributeValue>)all.Where((_, at) => (which & (1 << at)) != 0).ToDictionary(one => one.Name, one => one.Value);
        });
}
