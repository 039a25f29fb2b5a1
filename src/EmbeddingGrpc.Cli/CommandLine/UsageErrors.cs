using System.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>What is said of a wrong command line: each fault, a line that would be right, and where to read on.</summary>
internal static class UsageErrors
{
    /// <summary>Says it on standard error.</summary>
    public static void Write(CommandConsole console, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count > 0)
        {
            var name = parsed.UnmatchedTokens[0];
            console.WriteError($"There is no command '{name}' in '{command.FullName()}'.{Spelling.Suggest(name, command.Subcommands.Select(sub => sub.Name))}");
        }
        else
        {
            foreach (var message in parsed.Errors.Select(error => error.Message).Distinct()) console.WriteError(message);
            WriteExample(console, command);
        }

        WriteWhereToReadOn(console, command);
    }

    /// <summary>The ways out alone, behind a fault that the command itself has told.</summary>
    public static void WriteWaysOut(CommandConsole console, Command command)
    {
        WriteExample(console, command);
        WriteWhereToReadOn(console, command);
    }

    private static void WriteExample(CommandConsole console, Command command)
    {
        if (command.Options.Select(option => option.Action).OfType<ExampleHelp>().FirstOrDefault() is { } help) console.Error.WriteLine($"Example: {help.Examples[0]}");
    }

    private static void WriteWhereToReadOn(CommandConsole console, Command command) => console.Error.WriteLine($"See '{command.FullName()} --help'.");
}
