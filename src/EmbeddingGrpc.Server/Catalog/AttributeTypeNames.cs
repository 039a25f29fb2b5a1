namespace EmbeddingGrpc.Server.Catalog;

/// <summary>Attribute types as the API calls them, for messages. Stateless.</summary>
internal static class AttributeTypeNames
{
    /// <summary>The name of the field of an <c>AttributeValue</c> that holds such a value.</summary>
    public static string Of(AttributeType type) => type switch
    {
        AttributeType.Text => "text",
        AttributeType.TextSet => "text_set",
        AttributeType.Number => "number",
        AttributeType.Boolean => "boolean",
        AttributeType.Timestamp => "timestamp",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such type of attribute."),
    };
}
