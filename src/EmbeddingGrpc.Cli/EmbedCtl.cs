using System.CommandLine;
using System.CommandLine.Invocation;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Commands;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli;

/// <summary>The table of contents: every command of embedctl, one line each, in the order in which <c>--help</c> lists them.</summary>
internal static class EmbedCtl
{
    /// <summary>Cleaning up (a demo stops a daemon and deletes its directory) may take this long after Ctrl-C before the process is ended.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(15);

    public static RootCommand CreateRootCommand(CommandConsole console)
    {
        var root = new RootCommand(
            "Streams events into an EmbeddingGrpc daemon, trains it and asks it for recommendations.\n\n" + LeadingOptions.Legend + "\n\n" + ExitCode.Legend)
        {
            new DemoCommand(console),
            new IngestCommand(console),
            new TrainCommand(console),
            new TrainFileCommand(console),
            new SearchFileCommand(console),
            new RecallCommand(console),
            new RecallFileCommand(console),
            new SimilarUsersCommand(console),
            new StatusCommand(console),
            new CheckCommand(console),
            new ModelsCommand(console),
            new GenerationsCommand(console),
            new ItemsCommand(console),
            new EraseUserCommand(console),
            new PromoteCommand(console),
            new RollbackCommand(console),
            new EvaluateCommand(console),
            new ExportCommand(console),
            new ImportCommand(console),
            new SimulateCommand(console),
            new BenchCommand(console),
            new LogCommand(console),
            new CompletionCommand(console),
        };
        ExampleHelp.AddTo(root, "embedctl COMMAND --help");
        return root;
    }

    /// <summary>Parses and runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CommandConsole console, CancellationToken cancellationToken = default)
    {
        var invocation = new InvocationConfiguration
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TerminationTimeout,
        };
        var root = CreateRootCommand(console);
        var parsed = root.Parse(LeadingOptions.MoveBehindCommand(args, root));
        if (UnknownOption.Find(parsed) is { } unknown)
        {
            console.WriteError(unknown);
            return ExitCode.Usage;
        }
        if (parsed.Action is not ParseErrorAction) return await parsed.InvokeAsync(invocation, cancellationToken);

        // A page of help would push what is wrong off the screen; where a command is missing, help is the answer.
        if (parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0) await parsed.InvokeAsync(invocation, cancellationToken);
        else UsageErrors.Write(console, parsed);
        return ExitCode.Usage;
    }
}
