using System.Globalization;
using Google.Protobuf.Reflection;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>
/// Compares the parameters of a query with the message that a call takes. The transcoder alone would pass over a misspelled one, and would not say
/// which one has a wrong value.
/// </summary>
internal static class QueryCheck
{
    /// <summary>Every parameter at fault; empty where all fit.</summary>
    /// <param name="query">Name and values of each.</param>
    /// <param name="message">What the call takes.</param>
    /// <param name="path">Values of fields that the path of the call has already.</param>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> Violations(
        IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> query, MessageDescriptor message, IReadOnlyDictionary<string, string> path)
    {
        var violations = new List<BadRequest.Types.FieldViolation>();
        foreach (var (name, values) in query)
        {
            var (field, problem) = Resolve(name, message);
            problem ??= path.ContainsKey(name) ? "is in the path already; leave it out of the query" : Problem(field!, values);
            if (problem is not null) violations.Add(new BadRequest.Types.FieldViolation { Field = field is null ? name : Path(name, field), Description = problem });
        }

        return violations;
    }

    // A parameter of a message's message is named by the way to it: a.b.
    private static (FieldDescriptor? Field, string? Problem) Resolve(string name, MessageDescriptor message)
    {
        FieldDescriptor? field = null;
        foreach (var part in name.Split('.'))
        {
            var holder = field is null ? message : field is { FieldType: FieldType.Message, IsRepeated: false } ? field.MessageType : null;
            field = holder?.Fields.InDeclarationOrder().FirstOrDefault(each => each.JsonName == part || each.Name == part);
            if (field is null) return (null, $"is not a parameter of this call; it has {string.Join(", ", message.Fields.InDeclarationOrder().Select(each => each.JsonName))}");
        }

        return (field, null);
    }

    private static string? Problem(FieldDescriptor field, IReadOnlyList<string> values)
    {
        if (field.IsMap || field.FieldType == FieldType.Message) return "cannot be given in a query; use the form of this call that takes a body";
        if (values.Count > 1 && !field.IsRepeated) return $"is given {values.Count} times; give it once";
        var wrong = values.FirstOrDefault(value => !Fits(field, value));
        return wrong is null ? null : $"is {ScalarText.Quoted(wrong)}; must be {ScalarText.Expected(field)}";
    }

    private static bool Fits(FieldDescriptor field, string value) =>
        ScalarText.Fits(field, value)
        || (field.FieldType == FieldType.Enum
            && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && field.EnumType.FindValueByNumber(number) is not null);

    private static string Path(string name, FieldDescriptor field) => name.Contains('.', StringComparison.Ordinal) ? $"{name[..name.LastIndexOf('.')]}.{field.Name}" : field.Name;
}
