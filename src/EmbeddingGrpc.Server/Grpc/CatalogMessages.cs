using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;
using Google.Protobuf.WellKnownTypes;
using AttributeType = EmbeddingGrpc.Server.Catalog.AttributeType;
using AttributeValue = EmbeddingGrpc.Server.Catalog.AttributeValue;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>The catalogue's own types as messages, and back. Stateless.</summary>
internal static class CatalogMessages
{
    private const int NanosecondsOfASecond = 1_000_000_000;
    /// <summary>What is wrong with a point in time that is none.</summary>
    public const string NoTime = "is no point in time: seconds must be from 0001-01-01 to 9999-12-31 and nanos 0..999999999";

    private const string Kinds = "text, text_set, number, boolean, timestamp";

    /// <summary>Reads the items of a call.</summary>
    /// <exception cref="InvalidCatalogException">A value is missing, or no point in time. What a catalogue may hold is checked by the catalogue.</exception>
    public static IReadOnlyList<CatalogItem> Read(IReadOnlyList<Item> items)
    {
        // What is too long is refused by its length, before anything is made of it.
        if (items.Count > CatalogRules.MaximumItems) return [.. items.Select(item => new CatalogItem(item.ItemId, AttributeCodec.None))];
        var violations = new List<Violation>();
        var read = items.Select((item, at) => new CatalogItem(item.ItemId, Read(item, at, violations))).ToList();
        return violations.Count == 0 ? read : throw new InvalidCatalogException(violations);
    }

    public static Item ToMessage(this CatalogItem item)
    {
        var message = new Item { ItemId = item.ItemId };
        foreach (var (name, value) in item.Attributes) message.Attributes.Add(name, value.ToMessage());
        return message;
    }

    public static Protocol.V1.AttributeType ToMessage(this AttributeType type) => type switch
    {
        AttributeType.Text => Protocol.V1.AttributeType.Text,
        AttributeType.TextSet => Protocol.V1.AttributeType.TextSet,
        AttributeType.Number => Protocol.V1.AttributeType.Number,
        AttributeType.Boolean => Protocol.V1.AttributeType.Boolean,
        AttributeType.Timestamp => Protocol.V1.AttributeType.Timestamp,
        _ => Protocol.V1.AttributeType.Unspecified,
    };

    private static Dictionary<string, AttributeValue> Read(Item item, int at, List<Violation> violations)
    {
        var attributes = new Dictionary<string, AttributeValue>(item.Attributes.Count, StringComparer.Ordinal);
        foreach (var (name, value) in item.Attributes)
        {
            if (Read(value, out var wrong) is { } read) attributes.Add(name, read);
            else if (violations.Count < CatalogRules.MostViolations) violations.Add(new Violation(CatalogRules.FieldOf(at, name), wrong));
        }

        return attributes;
    }

    private static AttributeValue? Read(Protocol.V1.AttributeValue value, out string wrong)
    {
        wrong = $"has no value; set one of {Kinds}";
        return value.KindCase switch
        {
            Protocol.V1.AttributeValue.KindOneofCase.Text => AttributeValue.Of(value.Text),
            Protocol.V1.AttributeValue.KindOneofCase.TextSet => AttributeValue.Of(value.TextSet.Values),
            Protocol.V1.AttributeValue.KindOneofCase.Number => AttributeValue.Of(value.Number),
            Protocol.V1.AttributeValue.KindOneofCase.Boolean => AttributeValue.Of(value.Boolean),
            Protocol.V1.AttributeValue.KindOneofCase.Timestamp => Read(value.Timestamp, out wrong),
            _ => null,
        };
    }

    private static AttributeValue? Read(Timestamp time, out string wrong)
    {
        wrong = NoTime;
        return TryRead(time, out var read) ? AttributeValue.Of(read) : null;
    }

    /// <summary>Reads a point in time, to 100 ns.</summary>
    /// <returns>False for what is none.</returns>
    public static bool TryRead(Timestamp time, out DateTimeOffset read)
    {
        var isTime = time.Nanos is >= 0 and < NanosecondsOfASecond
            && time.Seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds()
            && time.Seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        read = isTime ? DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanos / TimeSpan.NanosecondsPerTick) : default;
        return isTime;
    }

    private static Protocol.V1.AttributeValue ToMessage(this AttributeValue value) => value.Type switch
    {
        AttributeType.Text => new Protocol.V1.AttributeValue { Text = value.Text },
        AttributeType.TextSet => new Protocol.V1.AttributeValue { TextSet = new TextSet { Values = { value.TextSet } } },
        AttributeType.Number => new Protocol.V1.AttributeValue { Number = value.Number },
        AttributeType.Boolean => new Protocol.V1.AttributeValue { Boolean = value.Boolean },
        AttributeType.Timestamp => new Protocol.V1.AttributeValue { Timestamp = Timestamp.FromDateTimeOffset(value.Timestamp) },
        _ => throw new ArgumentException($"There is no attribute type {value.Type}.", nameof(value)),
    };
}
