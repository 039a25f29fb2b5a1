using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf.Reflection;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>One way to make a call over HTTP, from its <c>google.api.http</c> annotation.</summary>
/// <param name="Verb">Such as POST.</param>
/// <param name="Path">A template such as <c>/v1/models/{model}:train</c>.</param>
/// <param name="HasBody">Whether the request is in the body; otherwise it is in the path and the query.</param>
internal sealed partial record HttpBinding(HttpMethod Verb, string Path, bool HasBody)
{
    /// <summary>Names of the request's fields that are in the path.</summary>
    public IReadOnlyList<string> PathFields { get; } = [.. PathField().Matches(Path).Select(match => match.Groups["name"].Value)];

    /// <summary>The ways to make a call, the one to recommend first; none for a call without an annotation.</summary>
    public static IEnumerable<HttpBinding> Of(MethodDescriptor method)
    {
        var rule = method.GetOptions()?.GetExtension(AnnotationsExtensions.Http);
        return rule is null ? [] : rule.AdditionalBindings.Prepend(rule).Select(Of);
    }

    private static HttpBinding Of(HttpRule rule)
    {
        var (verb, path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => (HttpMethod.Get, rule.Get),
            HttpRule.PatternOneofCase.Put => (HttpMethod.Put, rule.Put),
            HttpRule.PatternOneofCase.Post => (HttpMethod.Post, rule.Post),
            HttpRule.PatternOneofCase.Delete => (HttpMethod.Delete, rule.Delete),
            HttpRule.PatternOneofCase.Patch => (HttpMethod.Patch, rule.Patch),
            _ => throw new NotSupportedException($"An HTTP rule of kind {rule.PatternCase} has no description."),
        };
        return new HttpBinding(verb, path, rule.Body.Length > 0);
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}")]
    private static partial Regex PathField();
}
