using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Logs;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog.Inspection;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Makes a damaged log openable again.</summary>
internal sealed class LogSalvageCommand : LogFilesCommand
{
    private readonly Option<bool> _yes = ConfirmOption.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public LogSalvageCommand(CommandConsole console)
        : base(
            console,
            "salvage",
            "Writes damaged segments anew from what can be read of them, so that the daemon opens the log again. The damaged files are kept as .damaged. "
            + "Interactions in damaged parts are lost: take them from a backup if there is one. The daemon must not be running.",
            "embedctl log salvage ./data --yes")
    {
        Add(_yes);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var directory = LogDirectory(arguments);
        Terminal.Confirm(arguments.GetValue(_yes), $"Give up what cannot be read of {directory}?");
        var result = LogInspector.Salvage(directory, TimeProvider.System, cancellationToken);
        if (arguments.GetValue(_json))
        {
            Terminal.WriteJson(result);
            return Task.FromResult(ExitCode.Success);
        }
        foreach (var (segment, damaged) in result.SegmentsRewritten.Zip(result.DamagedFiles)) Terminal.Output.WriteLine($"{segment} written anew; the damaged one is {damaged}");
        Terminal.Output.WriteLine(result.SegmentsRewritten.Count == 0 ? "nothing was damaged" : $"{result.EntriesLost:N0} entries are lost");
        return Task.FromResult(ExitCode.Success);
    }
}
