using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary><c>--json</c>: the result as JSON on standard output, one document a line, with names in snake_case as in the protocol.</summary>
internal static class JsonOption
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // 0.1f as 0.1, not as the double next to it; NaN has no JSON form.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Option<bool> Create() => new("--json") { Description = "Print the result as JSON, for programs." };

    /// <summary>Writes one document on one line.</summary>
    public static void WriteJson<T>(this CommandConsole console, T document) => console.Output.WriteLine(JsonSerializer.Serialize(document, Format));
}
