using System.CommandLine;
using System.Text.Json;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Recall;

/// <summary>The option <c>--sources</c>: where candidates may come from.</summary>
internal static class RecallSourceOption
{
    private static readonly Dictionary<string, RecallSource> Names = Enum.GetValues<RecallSource>()
        .Where(source => source != RecallSource.Unspecified)
        .ToDictionary(source => JsonNamingPolicy.KebabCaseLower.ConvertName(source.ToString()), StringComparer.Ordinal);

    /// <summary>Makes the option.</summary>
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--sources")
        {
            Description = $"Where candidates may come from, of {string.Join(", ", Names.Keys)}; everywhere but similar-users unless given.",
            HelpName = "A,B",
        };
        option.Validators.Add(result =>
        {
            foreach (var name in result.Tokens.SelectMany(token => Split(token.Value)))
                if (!Names.ContainsKey(name))
                    result.AddError($"--sources: '{name}' is not a source; there are {string.Join(", ", Names.Keys)}.");
        });
        return option;
    }

    /// <summary>What was given; nothing means everywhere.</summary>
    public static IEnumerable<RecallSource> Read(ParseResult arguments, Option<string[]> option) =>
        (arguments.GetValue(option) ?? []).SelectMany(Split).Select(name => Names[name]).Distinct();

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
