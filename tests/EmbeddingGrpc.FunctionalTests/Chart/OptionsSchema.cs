using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The JSON schema that options records stand for: names, types and the bounds of <see cref="RangeAttribute"/>.</summary>
internal static class OptionsSchema
{
    // Beyond this a JSON number is no longer the integer that was written: such values may also be given as text.
    private const long LargestExactInteger = 1L << 53;

    /// <param name="sections">Configuration sections such as <c>Recall:Cache</c>, outer ones before inner ones; the empty one is the root.</param>
    public static JsonObject Of(IEnumerable<(string Section, Type Options)> sections)
    {
        var root = ObjectWith([]);
        foreach (var (section, options) in sections)
        {
            if (section.Length == 0)
            {
                root = OfRecord(options);
                continue;
            }

            var path = section.Split(':');
            var parent = root;
            foreach (var part in path[..^1])
            {
                var members = (JsonObject)parent["properties"]!;
                if (!members.ContainsKey(part)) members[part] = ObjectWith([]);
                parent = (JsonObject)members[part]!;
            }

            ((JsonObject)parent["properties"]!)[path[^1]] = OfRecord(options);
        }

        return root;
    }

    private static JsonObject OfRecord(Type options) => ObjectWith(
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanWrite)
            .Select(p => KeyValuePair.Create(p.Name, (JsonNode?)OfProperty(p))));

    private static JsonObject ObjectWith(IEnumerable<KeyValuePair<string, JsonNode?>> members) =>
        new() { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = new JsonObject(members) };

    private static JsonObject OfProperty(PropertyInfo property)
    {
        // What may be left out may be left out of the values too.
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var range = property.GetCustomAttribute<RangeAttribute>();
        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(string)) return OfText(property);
        if (type == typeof(TimeSpan)) return new JsonObject { ["type"] = "string", ["pattern"] = "^([0-9]+\\.)?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,7})?)?$" };
        if (type.IsEnum) return new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)name)]) };
        if (type == typeof(ulong)) return new JsonObject { ["type"] = new JsonArray("integer", "string"), ["minimum"] = 0, ["maximum"] = LargestExactInteger, ["pattern"] = "^[0-9]+$" };
        if (type == typeof(int) || type == typeof(long)) return Bounded("integer", range, value => Convert.ToInt64(value, null));
        if (type == typeof(double) || type == typeof(float)) return Bounded("number", range, value => Convert.ToDouble(value, null));
        return OfRecord(type);
    }

    private static JsonObject OfText(PropertyInfo property)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (property.GetCustomAttribute<RequiredAttribute>() is not null) schema["minLength"] = 1;
        if (property.GetCustomAttribute<MaxLengthAttribute>() is { } longest) schema["maxLength"] = longest.Length;
        return schema;
    }

    private static JsonObject Bounded<T>(string type, RangeAttribute? range, Func<object, T> convert)
    {
        var schema = new JsonObject { ["type"] = type };
        if (range is null) return schema;
        schema["minimum"] = JsonValue.Create(convert(range.Minimum));
        schema["maximum"] = JsonValue.Create(convert(range.Maximum));
        return schema;
    }
}
