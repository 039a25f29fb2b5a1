using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Google.Protobuf.Reflection;
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
    /// <param name="json">The body.</param>
    /// <param name="message">What it should be.</param>
    /// <param name="path">Values of fields that the path of the call has already: the body may repeat them, not contradict them.</param>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> Violations(JsonElement json, MessageDescriptor message, IReadOnlyDictionary<string, string>? path = null)
    {
        var check = new JsonCheck();
        if (json.ValueKind != JsonValueKind.Object)
        {
            check.Refuse(Body, $"is {Kind(json)}; must be an object with the fields of {message.Name}");
            return check._violations;
        }

        check.Message(json, message, "");
        // Only what fits can be compared.
        if (check._violations.Count == 0 && path is not null) check.Contradictions(json, message, path);
        return check._violations;
    }

    private void Message(JsonElement json, MessageDescriptor message, string path)
    {
        var given = new HashSet<string>();
        var choices = new Dictionary<string, string>();
        foreach (var property in json.EnumerateObject())
        {
            if (!TryGetName(property, out var name))
            {
                Refuse(path.Length == 0 ? Body : path, "has a field whose name is not Unicode text: a surrogate stands alone in it");
                continue;
            }

            if (FieldOf(message, name) is not { } field)
            {
                Refuse(Join(path, name), $"is not a field of {message.Name}; it has {string.Join(", ", message.Fields.InDeclarationOrder().Select(f => f.JsonName))}");
                continue;
            }

            if (!given.Add(field.Name))
            {
                Refuse(Join(path, field.Name), "is given twice; give it once");
                continue;
            }

            if (property.Value.ValueKind == JsonValueKind.Null && !field.IsRepeated) continue;
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
            foreach (var entry in json.EnumerateObject()) Entry(entry, field.MessageType, path);
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

    private void Entry(JsonProperty entry, MessageDescriptor entryType, string path)
    {
        var key = entryType.FindFieldByNumber(1);
        if (!TryGetName(entry, out var name)) Refuse(path, "has a key that is not Unicode text: a surrogate stands alone in it");
        else if (!ScalarText.Fits(key, name)) Refuse(path, $"has the key {ScalarText.Quoted(name)}; keys must be {ScalarText.Expected(key)}");
        else Value(entry.Value, entryType.FindFieldByNumber(2), $"{path}[{name}]");
    }

    private void Value(JsonElement json, FieldDescriptor field, string path)
    {
        if (field.FieldType != FieldType.Message) Scalar(json, field, path);
        else if (WellKnownJson.Knows(field.MessageType))
        {
            if (WellKnownJson.Problem(json, field.MessageType) is { } problem) Refuse(path, $"is {Kind(json)}; {problem}");
        }
        else if (Is(json, JsonValueKind.Object, path, "an object")) Message(json, field.MessageType, path);
    }

    private void Scalar(JsonElement json, FieldDescriptor field, string path)
    {
        var isNumeric = field.FieldType is not (FieldType.String or FieldType.Bytes or FieldType.Bool or FieldType.Enum);
        var fits = json.ValueKind switch
        {
            JsonValueKind.String => TryGetText(json, out var text) && ScalarText.FitsInQuotes(field, text),
            JsonValueKind.Number when isNumeric => ScalarText.Fits(field, json.GetRawText()),
            // A number that is none of the values is the service's to refuse, as over gRPC.
            JsonValueKind.Number when field.FieldType == FieldType.Enum => json.TryGetInt32(out _),
            JsonValueKind.True or JsonValueKind.False => field.FieldType == FieldType.Bool,
            _ => false,
        };
        if (!fits) Refuse(path, $"is {Kind(json)}; must be {ScalarText.ExpectedInJson(field)}");
    }

    private void Contradictions(JsonElement json, MessageDescriptor message, IReadOnlyDictionary<string, string> path)
    {
        foreach (var property in json.EnumerateObject())
        {
            var name = FieldOf(message, property.Name)!.Name;
            if (!path.TryGetValue(name, out var there) || property.Value.ValueKind != JsonValueKind.String || property.Value.GetString() is not { Length: > 0 } here) continue;
            if (here != there) Refuse(name, $"is {ScalarText.Quoted(here)} in the body and {ScalarText.Quoted(there)} in the path; give it in the path only");
        }
    }

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

    private static FieldDescriptor? FieldOf(MessageDescriptor message, string name) =>
        message.Fields.InFieldNumberOrder().FirstOrDefault(field => field.JsonName == name || field.Name == name);

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => TryGetText(json, out var text) ? ScalarText.Quoted(text) : "text that is not Unicode: a surrogate stands alone in it",
        JsonValueKind.Null => "null",
        _ => json.GetRawText() is { Length: <= 40 } raw ? raw : "a long number",
    };

    // The document checks the bytes of a text only when it is read, and has no way to ask.
    private static bool TryGetText(JsonElement json, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = json.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    private static bool TryGetName(JsonProperty property, [NotNullWhen(true)] out string? name)
    {
        try
        {
            name = property.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = null;
            return false;
        }
    }
}
