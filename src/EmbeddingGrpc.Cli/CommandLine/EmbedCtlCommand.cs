using System.CommandLine;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>One command of embedctl. Turns every way in which it can end into an exit code and a message that names the fix.</summary>
internal abstract class EmbedCtlCommand : Command
{
    /// <param name="console">Where results and progress go.</param>
    /// <param name="name">As typed.</param>
    /// <param name="description">For <c>--help</c>: what it does first, then what a user must know.</param>
    /// <param name="examples">Command lines for the end of <c>--help</c>.</param>
    protected EmbedCtlCommand(CommandConsole console, string name, string description, params IReadOnlyList<string> examples)
        : base(name, description)
    {
        Terminal = console;
        ExampleHelp.AddTo(this, examples);
        SetAction(RunAsync);
    }

    /// <summary>Results on its output; progress and messages on its error stream.</summary>
    protected CommandConsole Terminal { get; }

    /// <summary>Does the work. May throw <see cref="CommandFailedException"/>.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken);

    /// <summary>A message for an exception that this kind of command expects; null for one that is a defect of embedctl.</summary>
    protected virtual string? Explain(Exception exception, ParseResult arguments) => exception switch
    {
        SourceFormatException => exception.Message,
        FileNotFoundException e => $"file not found: {e.FileName ?? e.Message}",
        IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await ExecuteAsync(arguments, cancellationToken);
        }
        catch (CommandFailedException e)
        {
            Terminal.WriteError(e.Message);
            if (e.ExitCode == ExitCode.Usage) UsageErrors.WriteWaysOut(Terminal, this);
            return e.ExitCode;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            Terminal.WriteError("interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (Explain(e, arguments) is { } message)
        {
            Terminal.WriteError(message);
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            // A defect: whoever mends it needs all of it.
            Terminal.WriteError($"unexpected: {e}");
            return ExitCode.Failed;
        }
    }
}
