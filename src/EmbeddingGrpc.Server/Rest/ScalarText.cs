using System.Globalization;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>What a field without fields of its own takes as text: in a JSON string, as a JSON number, in a query.</summary>
internal static partial class ScalarText
{
    /// <summary>Whether the transcoder reads this text as a value of the field.</summary>
    /// <param name="field">Of a scalar type or an enum.</param>
    /// <param name="text">Without quotes.</param>
    public static bool Fits(FieldDescriptor field, string text) => field.FieldType switch
    {
        FieldType.String => true,
        FieldType.Bytes => Convert.TryFromBase64String(text, new byte[text.Length], out _),
        FieldType.Bool => text is "true" or "false",
        FieldType.Float or FieldType.Double => IsWithoutDigits(text) || JsonNumber().IsMatch(text),
        FieldType.Enum => field.EnumType.FindValueByName(text) is not null,
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) && text[0] != '+',
        FieldType.UInt32 or FieldType.Fixed32 => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        FieldType.UInt64 or FieldType.Fixed64 => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) && text[0] != '+',
        _ => throw new ArgumentException($"{field.FullName} is not a scalar.", nameof(field)),
    };

    /// <summary>Whether the transcoder reads this JSON string as a value of the field. Of the numbers it takes those that JSON has no exact form for.</summary>
    /// <param name="field">Of a scalar type or an enum.</param>
    /// <param name="text">The string.</param>
    public static bool FitsInQuotes(FieldDescriptor field, string text) => field.FieldType switch
    {
        FieldType.Bool => false,
        FieldType.Float or FieldType.Double => IsWithoutDigits(text),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 or FieldType.UInt32 or FieldType.Fixed32 => false,
        _ => Fits(field, text),
    };

    /// <summary>What would be right in a query, after "must be".</summary>
    public static string Expected(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "text",
        FieldType.Bytes => "base64",
        FieldType.Bool => "true or false",
        FieldType.Float or FieldType.Double => "a number",
        FieldType.Enum => $"one of {string.Join(", ", field.EnumType.Values.Select(value => value.Name))}",
        _ => $"a whole number of type {field.FieldType.ToString().ToLowerInvariant()}",
    };

    /// <summary>What would be right in JSON, after "must be".</summary>
    public static string ExpectedInJson(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String or FieldType.Bytes => $"{Expected(field)} in quotes",
        FieldType.Bool or FieldType.Float or FieldType.Double
            or FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 or FieldType.UInt32 or FieldType.Fixed32 => $"{Expected(field)}, without quotes",
        _ => Expected(field),
    };

    /// <summary>Text as it stands in an error: short enough to be read.</summary>
    public static string Quoted(string text) => text.Length <= 40 ? $"\"{text}\"" : "a long text";

    private static bool IsWithoutDigits(string text) => text is "NaN" or "Infinity" or "-Infinity";

    [GeneratedRegex(@"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\z", RegexOptions.ECMAScript)]
    private static partial Regex JsonNumber();
}
