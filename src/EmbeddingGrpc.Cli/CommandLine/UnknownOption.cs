using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>
/// Finds an option that a command does not have. The parser takes one for an argument where the command has any, and then complains of something else or,
/// worse, of nothing: <c>ingest --fromat csv</c> would look for a file of that name.
/// </summary>
internal static class UnknownOption
{
    /// <summary>Closer names than this are suggested.</summary>
    private const int DistanceOfTypo = 3;

    /// <summary>What to say; null where every option is known.</summary>
    public static string? Find(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        // Help and completion may be asked for with any line.
        if (parsed.Action is not ParseErrorAction && parsed.Action != command.Action) return null;
        // After "--" everything is an argument, by convention.
        if (parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)) return null;
        var taken = command.Arguments.SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? []).Select(token => token.Value);
        var unknown = taken.Concat(parsed.UnmatchedTokens).FirstOrDefault(text => text.Length > 1 && text.StartsWith('-'));
        if (unknown is null) return null;
        var nearest = command.Options.Select(option => option.Name).MinBy(name => Distance(name, unknown));
        var suggestion = nearest is not null && Distance(nearest, unknown) < DistanceOfTypo ? $" Did you mean {nearest}?" : "";
        return $"Unknown option '{unknown}'.{suggestion} See '{command.FullName()} --help'.";
    }

    /// <summary>A command as typed, its groups included.</summary>
    public static string FullName(this Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{parent.FullName()} {command.Name}" : "embedctl";

    /// <summary>How many letters must be inserted, deleted or replaced (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j - 1], above) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
