using System.Globalization;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>Attributes as people read them. Stateless.</summary>
internal static class ItemText
{
    /// <summary>One value.</summary>
    public static string Of(AttributeValue value) => value.KindCase switch
    {
        AttributeValue.KindOneofCase.Text => value.Text,
        AttributeValue.KindOneofCase.TextSet => string.Join('|', value.TextSet.Values),
        AttributeValue.KindOneofCase.Number => value.Number.ToString("R", CultureInfo.InvariantCulture),
        AttributeValue.KindOneofCase.Boolean => value.Boolean ? "true" : "false",
        AttributeValue.KindOneofCase.Timestamp => value.Timestamp.ToDateTimeOffset().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture),
        _ => "",
    };

    /// <summary>The name of an attribute's type.</summary>
    public static string Of(AttributeType type) => type switch
    {
        AttributeType.Text => "text",
        AttributeType.TextSet => "text_set",
        AttributeType.Number => "number",
        AttributeType.Boolean => "boolean",
        AttributeType.Timestamp => "timestamp",
        _ => "unknown",
    };

    /// <summary>All attributes of an item in one line.</summary>
    public static string Of(Item item) =>
        string.Join("  ", item.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).Select(attribute => $"{attribute.Key}={Of(attribute.Value)}"));
}
