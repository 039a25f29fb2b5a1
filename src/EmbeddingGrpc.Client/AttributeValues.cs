using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddingGrpc.Client;

/// <summary>Values of attributes for the catalogue, such as <c>["price"] = AttributeValues.Of(9.5)</c>. Stateless.</summary>
public static class AttributeValues
{
    /// <summary>A text.</summary>
    public static AttributeValue Of(string text) => new() { Text = text };

    /// <summary>A set of texts, such as tags; one that is there twice counts once.</summary>
    public static AttributeValue Of(IEnumerable<string> texts) => new() { TextSet = new TextSet { Values = { texts } } };

    /// <summary>A finite number.</summary>
    public static AttributeValue Of(double number) => new() { Number = number };

    /// <summary>True or false.</summary>
    public static AttributeValue Of(bool truth) => new() { Boolean = truth };

    /// <summary>A point in time.</summary>
    public static AttributeValue Of(DateTimeOffset time) => new() { Timestamp = Timestamp.FromDateTimeOffset(time) };
}
