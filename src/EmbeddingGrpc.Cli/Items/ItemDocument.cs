using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>An item as <c>--json</c> prints it: what <c>items upsert</c> reads.</summary>
internal sealed record ItemDocument(string ItemId, IReadOnlyDictionary<string, object> Attributes)
{
    public static ItemDocument Of(Item item) =>
        new(item.ItemId, new SortedDictionary<string, object>(item.Attributes.ToDictionary(attribute => attribute.Key, attribute => ValueOf(attribute.Value)), StringComparer.Ordinal));

    private static object ValueOf(AttributeValue value) => value.KindCase switch
    {
        AttributeValue.KindOneofCase.Text => value.Text,
        AttributeValue.KindOneofCase.TextSet => value.TextSet.Values.ToArray(),
        AttributeValue.KindOneofCase.Number => value.Number,
        AttributeValue.KindOneofCase.Boolean => value.Boolean,
        AttributeValue.KindOneofCase.Timestamp => new Dictionary<string, string> { ["timestamp"] = ItemText.Of(value) },
        _ => new Dictionary<string, string>(),
    };
}
