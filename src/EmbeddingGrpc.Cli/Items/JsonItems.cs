using System.Text.Json;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>
/// One item a line as JSON: <c>{"item_id": "a", "attributes": {"title": "Heat", "genres": ["Crime"], "minutes": 170, "colour": true}}</c>. What JSON has
/// no type for is written as in the API: <c>{"timestamp": "1995-12-15T00:00:00Z"}</c>. Stateless.
/// </summary>
internal static class JsonItems
{
    private static readonly string[] IdNames = ["item_id", "itemId"];

    /// <summary>Reads a file of lines; empty ones are passed over.</summary>
    /// <exception cref="SourceFormatException">It is not UTF-8.</exception>
    public static IEnumerable<ReadItem> Read(LineReader lines)
    {
        using (lines)
        {
            while (lines.TryRead(out var line))
            {
                var text = line.Trim().ToString();
                if (text.Length > 0) yield return Parse(lines.Line, text);
            }
        }
    }

    private static ReadItem Parse(long line, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return ReadItem.Refused(line, """is not an object such as {"item_id": "a", "attributes": {}}""");
            var item = new Item();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (IdNames.Contains(property.Name) && property.Value.ValueKind == JsonValueKind.String) item.ItemId = property.Value.GetString()!;
                else if (property.Name == "attributes" && property.Value.ValueKind == JsonValueKind.Object) ReadAttributes(item, property.Value);
                else return ReadItem.Refused(line, $"has '{property.Name}': {Shorten(property.Value)}; expected item_id, a string, and attributes, an object");
            }

            return string.IsNullOrEmpty(item.ItemId) ? ReadItem.Refused(line, "has no item_id") : ReadItem.Of(line, item);
        }
        catch (JsonException e)
        {
            return ReadItem.Refused(line, $"not JSON: {e.Message}");
        }
        catch (FormatException e)
        {
            return ReadItem.Refused(line, e.Message);
        }
    }

    private static void ReadAttributes(Item item, JsonElement attributes)
    {
        foreach (var attribute in attributes.EnumerateObject())
        {
            // As in the API's JSON: null is what is not there.
            if (attribute.Value.ValueKind != JsonValueKind.Null) item.Attributes[attribute.Name] = Read(attribute.Name, attribute.Value);
        }
    }

    private static AttributeValue Read(string name, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return AttributeValues.Of(value.GetString()!);
            case JsonValueKind.Number:
                return AttributeValues.Of(value.GetDouble());
            case JsonValueKind.True or JsonValueKind.False:
                return AttributeValues.Of(value.GetBoolean());
            case JsonValueKind.Array when value.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String):
                return AttributeValues.Of(value.EnumerateArray().Select(text => text.GetString()!));
            case JsonValueKind.Object:
                try
                {
                    return JsonParser.Default.Parse<AttributeValue>(value.GetRawText());
                }
                catch (InvalidProtocolBufferException e)
                {
                    throw new FormatException($"attribute '{name}': {e.Message}", e);
                }

            default:
                throw new FormatException($"attribute '{name}' is {Shorten(value)}; expected a string, a number, true, false, an array of strings, or {{\"timestamp\": \"...\"}}");
        }
    }

    private static string Shorten(JsonElement value) => value.GetRawText() is { Length: > 40 } text ? text[..40] + "..." : value.GetRawText();
}
