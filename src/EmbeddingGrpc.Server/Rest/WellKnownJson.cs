using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>Messages of protobuf's own that have a form in JSON that is not an object of their fields.</summary>
internal static class WellKnownJson
{
    private static readonly Dictionary<string, (MessageParser Parser, string Expected)> Known = new(StringComparer.Ordinal)
    {
        [Timestamp.Descriptor.FullName] = (Timestamp.Parser, "a time such as \"2026-01-31T12:00:00Z\" between the years 1 and 9999"),
        [Duration.Descriptor.FullName] = (Duration.Parser, "a number of seconds such as \"1.5s\""),
    };

    /// <summary>Whether a message is one of them.</summary>
    public static bool Knows(MessageDescriptor message) => Known.ContainsKey(message.FullName);

    /// <summary>What would be right where this is not one; null where it is.</summary>
    public static string? Problem(JsonElement json, MessageDescriptor message)
    {
        var (parser, expected) = Known[message.FullName];
        try
        {
            if (json.ValueKind == JsonValueKind.String)
            {
                parser.ParseJson(json.GetRawText());
                return null;
            }
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException)
        {
            // What the parser says is written for its own developers.
        }

        return $"must be {expected}";
    }
}
