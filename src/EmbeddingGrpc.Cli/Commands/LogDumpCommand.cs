using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Logs;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Inspection;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Writes a log's entries as text.</summary>
internal sealed class LogDumpCommand : LogFilesCommand
{
    private readonly Option<long> _from = new("--from") { Description = "First offset.", HelpName = "OFFSET", DefaultValueFactory = _ => 0 };
    private readonly Option<long?> _to = new("--to") { Description = "First offset not to write. Default: to the end.", HelpName = "OFFSET" };
    private readonly Option<bool> _json = JsonOption.Create();

    public LogDumpCommand(CommandConsole console)
        : base(
            console,
            "dump",
            "Writes a log's entries, oldest first: one tab-separated line or JSON document each.",
            "embedctl log dump ./data --from 1000 --to 1010",
            "embedctl log dump ./data --json | jq 'select(.user_id == \"42\")'")
    {
        _from.AcceptOnlyRange(0L, long.MaxValue);
        _to.AcceptOnlyRange(0L, long.MaxValue);
        Add(_from);
        Add(_to);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var json = arguments.GetValue(_json);
        if (arguments.GetValue(_to) < arguments.GetValue(_from)) throw CommandFailedException.Usage("--to is before --from.");
        var to = new LogOffset(arguments.GetValue(_to) ?? long.MaxValue);
        if (!json) Terminal.Output.WriteLine("offset\tkind\tuser\titem\ttime\tweight\trecall");
        foreach (var entry in LogInspector.Dump(LogDirectory(arguments), new LogOffset(arguments.GetValue(_from)), to, cancellationToken))
        {
            var document = LogEntryDocument.Of(entry);
            if (json) Terminal.WriteJson(document);
            else Terminal.Output.WriteLine(document.ToLine());
        }
        return Task.FromResult(ExitCode.Success);
    }
}
