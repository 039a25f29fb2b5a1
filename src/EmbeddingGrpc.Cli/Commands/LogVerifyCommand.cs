using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Logs;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog.Inspection;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Checks every byte of a log.</summary>
internal sealed class LogVerifyCommand : LogFilesCommand
{
    private readonly Option<bool> _json = JsonOption.Create();

    public LogVerifyCommand(CommandConsole console)
        : base(
            console,
            "verify",
            "Checks every group of every segment. The exit code is 1 if anything that was acknowledged cannot be read. A torn tail is what a crash leaves "
            + "behind: the next start cuts it off, and beside a running daemon the newest group may look like one.",
            "embedctl log verify ./data",
            "embedctl log verify ./data/models/films/log --json") => Add(_json);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var directory = LogDirectory(arguments);
        var report = LogInspector.Inspect(directory, cancellationToken);
        if (arguments.GetValue(_json)) Terminal.WriteJson(LogDocument.Of(report));
        else WriteText(report);
        if (report.IsSound) return Task.FromResult(ExitCode.Success);
        Terminal.WriteError($"the log is damaged; 'embedctl log salvage {directory}' keeps what can be read");
        return Task.FromResult(ExitCode.Failed);
    }

    private void WriteText(LogReport report)
    {
        foreach (var segment in report.Segments)
        {
            foreach (var damage in segment.Damage)
                Terminal.Output.WriteLine($"{segment.Path}:{damage.Position}: {(damage.IsTornTail ? "torn tail" : "damaged")}, {damage.Length:N0} bytes: {damage.Reason}");
        }
        var verdict = report.IsSound ? "sound" : "damaged";
        Terminal.Output.WriteLine($"{verdict}: {report.Segments.Count:N0} segments, {report.Bytes:N0} bytes, {report.Interactions:N0} interactions, offsets {report.FirstOffset}..{report.EndOffset}");
    }
}
