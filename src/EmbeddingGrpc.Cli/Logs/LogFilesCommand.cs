using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Cli.Logs;

/// <summary>A command about the files of one model's log.</summary>
internal abstract class LogFilesCommand : EmbedCtlCommand
{
    private readonly Argument<string> _directory = new("DIR") { Description = "The log's directory, or the daemon's data directory." };
    private readonly Option<string> _model = new("--model") { Description = "The model, where DIR is a data directory.", HelpName = "NAME", DefaultValueFactory = _ => "default" };

    /// <inheritdoc cref="EmbedCtlCommand(CommandConsole, string, string, IReadOnlyList{string})"/>
    protected LogFilesCommand(CommandConsole console, string name, string description, params IReadOnlyList<string> examples)
        : base(console, name, description, examples)
    {
        Add(_directory);
        Add(_model);
    }

    /// <summary>The directory that holds the segments.</summary>
    /// <exception cref="CommandFailedException">There is none.</exception>
    protected string LogDirectory(ParseResult arguments)
    {
        var directory = arguments.GetRequiredValue(_directory);
        if (!Directory.Exists(directory)) throw new CommandFailedException($"there is no directory {directory}");
        var models = Path.Combine(directory, "models");
        if (!Directory.Exists(models))
        {
            if (!Directory.EnumerateFiles(directory, "????????????????????.log").Any())
                throw new CommandFailedException($"{directory} holds neither a log nor a daemon's data: there are no segments such as 00000000000000000000.log, and no models, in it");
            return directory;
        }

        var ofModel = Path.Combine(models, arguments.GetRequiredValue(_model), "log");
        if (Directory.Exists(ofModel)) return ofModel;
        var known = string.Join(", ", Directory.EnumerateDirectories(models).Select(Path.GetFileName).Order());
        throw new CommandFailedException($"{directory} has no log of model {arguments.GetRequiredValue(_model)}; it has models {known}");
    }

    /// <inheritdoc/>
    protected override string? Explain(Exception exception, ParseResult arguments) =>
        exception is LogUnavailableException or LogCorruptException ? exception.Message : base.Explain(exception, arguments);
}
