namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Ends a command with a message for the person at the terminal: what is wrong, and what to do about it.</summary>
internal sealed class CommandFailedException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <summary>One of <see cref="CommandLine.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>A mistake in the command line that only the command itself can see.</summary>
    public static CommandFailedException Usage(string message) => new(message, CommandLine.ExitCode.Usage);
}
