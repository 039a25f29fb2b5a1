using System.Globalization;
using System.Text.Json;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>
/// Compares JSON with the message that it should be, and names every field that does not fit. The transcoder alone would say no more than
/// "not correctly formatted", and would pass over a misspelled field, leaving a default in force without a word.
/// </summary>
internal sealed class JsonCheck
{
    /// <summary>What the request as a whole is called.</summary>
    public const string Body = "body";

    private const int MostViolations = 20;

    private readonly List<BadRequest.Types.FieldViolation> _violations = [];

    private JsonCheck()
    {
    }

    /// <summary>Every field at fault, by its path in the message; empty where all fits.</summary>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> Violations(JsonElement json, MessageDescriptor message)
    {
        var check = new JsonCheck();
        if (json.ValueKind == JsonValueKind.Object) check.Message(json, message, "");
        else check.Refuse(Body, $"is {Kind(json)}; must be an object with the fields of {message.Name}");
        return check._violations;
    }

    private void Message(JsonElement json, MessageDescriptor message, string path)
    {
        var choices = new Dictionary<string, string>();
        foreach (var property in json.EnumerateObject())
        {
            var field = message.Fields.InFieldNumberOrder().FirstOrDefault(f => f.JsonName == property.Name || f.Name == property.Name);
            if (field is null)
            {
                Refuse(Join(path, property.Name), $"is not a field of {message.Name}; it has {string.Join(", ", message.Fields.InDeclarationOrder().Select(f => f.JsonName))}");
                continue;
            }

            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            if (field.RealContainingOneof is { } choice && !choices.TryAdd(choice.Name, field.Name))
                Refuse(Join(path, choice.Name), $"is given twice, as {choices[choice.Name]} and as {field.Name}; give one");
            Field(property.Value, field, Join(path, field.Name));
        }
    }

    private void Field(JsonElement json, FieldDescriptor field, string path)
    {
        if (field.IsMap)
        {
            if (!Is(json, JsonValueKind.Object, path, "an object")) return;
            foreach (var entry in json.EnumerateObject()) Value(entry.Value, field.MessageType.FindFieldByNumber(2), $"{path}[{entry.Name}]");
        }
        else if (field.IsRepeated)
        {
            if (!Is(json, JsonValueKind.Array, path, "an array")) return;
            var index = 0;
            foreach (var element in json.EnumerateArray()) Value(element, field, $"{path}[{index++}]");
        }
        else
        {
            Value(json, field, path);
        }
    }

    private void Value(JsonElement json, FieldDescriptor field, string path)
    {
        switch (field.FieldType)
        {
            case FieldType.Message when field.MessageType.File.Package == Timestamp.Descriptor.File.Package:
                // The transcoder knows the forms of these.
                break;
            case FieldType.Message:
                if (Is(json, JsonValueKind.Object, path, "an object")) Message(json, field.MessageType, path);
                break;
            case FieldType.Enum:
                Enum(json, field.EnumType, path);
                break;
            case FieldType.Bool:
                if (json.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Refuse(path, $"is {Kind(json)}; must be true or false");
                break;
            case FieldType.String or FieldType.Bytes:
                Is(json, JsonValueKind.String, path, "text in quotes");
                break;
            case FieldType.Float or FieldType.Double:
                if (!IsNumber(json)) Refuse(path, $"is {Kind(json)}; must be a number");
                break;
            default:
                Integer(json, field.FieldType, path);
                break;
        }
    }

    private void Enum(JsonElement json, EnumDescriptor type, string path)
    {
        // A number that is none of the values is the service's to refuse, as over gRPC.
        if (json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out _)) return;
        if (json.ValueKind == JsonValueKind.String && type.FindValueByName(json.GetString()!) is not null) return;
        Refuse(path, $"is {Kind(json)}; must be one of {string.Join(", ", type.Values.Select(value => value.Name))}");
    }

    private void Integer(JsonElement json, FieldType type, string path)
    {
        var text = json.ValueKind == JsonValueKind.String ? json.GetString()! : json.ValueKind == JsonValueKind.Number ? json.GetRawText() : "";
        var fits = type switch
        {
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            FieldType.UInt32 or FieldType.Fixed32 => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            FieldType.UInt64 or FieldType.Fixed64 => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        };
        if (!fits) Refuse(path, $"is {Kind(json)}; must be a whole number of type {type.ToString().ToLowerInvariant()}");
    }

    private static bool IsNumber(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number
        || (json.ValueKind == JsonValueKind.String
            && (json.GetString() is "NaN" or "Infinity" or "-Infinity" || double.TryParse(json.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _)));

    private bool Is(JsonElement json, JsonValueKind kind, string path, string expected)
    {
        if (json.ValueKind == kind) return true;
        Refuse(path, $"is {Kind(json)}; must be {expected}");
        return false;
    }

    private void Refuse(string field, string description)
    {
        if (_violations.Count < MostViolations) _violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => json.GetString() is { Length: <= 40 } text ? $"\"{text}\"" : "a long text",
        JsonValueKind.Null => "null",
        _ => json.GetRawText(),
    };
}
