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
        // One that the command has, before the command: only a few may stand there.
        if (command.Options.Any(option => option.Name == unknown || option.Aliases.Contains(unknown)))
            return $"Option '{unknown}' must stand behind the command: {command.FullName()} {unknown} ...";
        var suggestion = Spelling.Suggest(unknown, command.Options.Select(option => option.Name));
        return $"Unknown option '{unknown}'.{suggestion} See '{command.FullName()} --help'.";
    }

    /// <summary>A command as typed, its groups included.</summary>
    public static string FullName(this Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{parent.FullName()} {command.Name}" : "embedctl";
}
