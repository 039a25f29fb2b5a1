using System.CommandLine;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>
/// Lets the options that most commands have stand before the command too: <c>embedctl --address URL train</c>. They are moved behind it; a command
/// that has no such option then says so itself.
/// </summary>
internal static class LeadingOptions
{
    private static readonly string[] WithValue = ["--address", "--model"];
    private static readonly string[] WithoutValue = ["--json"];

    /// <summary>For <c>--help</c>.</summary>
    public const string Legend = "--address, --model and --json may stand before the command as well.";

    /// <summary>The same command line with the command first.</summary>
    public static IReadOnlyList<string> MoveBehindCommand(IReadOnlyList<string> args, Command root)
    {
        var leading = 0;
        while (leading < args.Count && OptionLength(args[leading]) is > 0 and var length && leading + length <= args.Count) leading += length;
        if (leading == 0) return args;

        var command = root;
        var end = leading;
        while (end < args.Count && command.Subcommands.FirstOrDefault(sub => sub.Name == args[end] || sub.Aliases.Contains(args[end])) is { } found)
        {
            command = found;
            end++;
        }

        // Without a command there is nothing to move them behind.
        return end == leading ? args : [.. args.Take(new Range(leading, end)), .. args.Take(leading), .. args.Skip(end)];
    }

    // Tokens that an option takes up; 0 for what is none of them.
    private static int OptionLength(string token)
    {
        if (WithValue.Contains(token)) return 2;
        return WithoutValue.Contains(token) || WithValue.Any(option => token.StartsWith(option + "=", StringComparison.Ordinal)) ? 1 : 0;
    }
}
