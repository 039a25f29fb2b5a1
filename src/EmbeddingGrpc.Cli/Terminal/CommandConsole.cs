using Spectre.Console;

namespace EmbeddingGrpc.Cli.Terminal;

/// <summary>
/// Results go to standard output, everything else to standard error, so that a result can be piped.
/// Colours, progress bars and live screens appear only where the stream is a terminal.
/// </summary>
internal sealed class CommandConsole
{
    /// <summary>Wide enough that no row of a table breaks when it is piped into a file.</summary>
    private const int WidthWithoutTerminal = 160;

    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives progress and messages.</param>
    /// <param name="outputIsTerminal">Whether <paramref name="output"/> is shown to a person.</param>
    /// <param name="errorIsTerminal">Whether <paramref name="error"/> is shown to a person.</param>
    public CommandConsole(TextWriter output, TextWriter error, bool outputIsTerminal = false, bool errorIsTerminal = false)
    {
        Output = output;
        Error = error;
        OutputIsTerminal = outputIsTerminal;
        ErrorIsTerminal = errorIsTerminal;
        Results = CreateAnsiConsole(output, outputIsTerminal);
        Messages = CreateAnsiConsole(error, errorIsTerminal);
    }

    /// <summary>Standard output as text, for JSON and plain lines.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error as text.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a person reads the results on a terminal.</summary>
    public bool OutputIsTerminal { get; }

    /// <summary>Whether a person watches the progress on a terminal.</summary>
    public bool ErrorIsTerminal { get; }

    /// <summary>Tables and colours on standard output.</summary>
    public IAnsiConsole Results { get; }

    /// <summary>Progress bars and colours on standard error.</summary>
    public IAnsiConsole Messages { get; }

    /// <summary>The console of this process.</summary>
    public static CommandConsole ForProcess() =>
        new(Console.Out, Console.Error, !Console.IsOutputRedirected, !Console.IsErrorRedirected);

    /// <summary>Writes <c>error: ...</c> to standard error.</summary>
    public void WriteError(string message) => WriteMessage("error:", "red", message);

    /// <summary>Writes <c>warning: ...</c> to standard error.</summary>
    public void WriteWarning(string message) => WriteMessage("warning:", "yellow", message);

    // In a file a message stays on one line, however long: people grep it.
    private void WriteMessage(string label, string colour, string message)
    {
        if (ErrorIsTerminal) Messages.MarkupLine($"[{colour}]{label}[/] {Markup.Escape(message)}");
        else Error.WriteLine($"{label} {message}");
    }

    private static IAnsiConsole CreateAnsiConsole(TextWriter writer, bool isTerminal)
    {
        var colours = isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal) console.Profile.Width = WidthWithoutTerminal;
        return console;
    }
}
