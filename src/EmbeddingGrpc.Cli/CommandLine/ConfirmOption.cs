using System.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using Spectre.Console;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary><c>--yes</c>, for what cannot be undone. Without it a person at a terminal is asked, and a script is refused.</summary>
internal static class ConfirmOption
{
    public static Option<bool> Create() => new("--yes", "-y") { Description = "Do not ask." };

    /// <summary>Returns when it may be done.</summary>
    /// <exception cref="CommandFailedException">It may not.</exception>
    public static void Confirm(this CommandConsole console, bool yes, string question)
    {
        if (yes) return;
        if (!console.ErrorIsTerminal || Console.IsInputRedirected) throw CommandFailedException.Usage("This cannot be undone; confirm it with --yes.");
        if (!console.Messages.Confirm(Markup.Escape(question), defaultValue: false)) throw new CommandFailedException("nothing was done");
    }
}
