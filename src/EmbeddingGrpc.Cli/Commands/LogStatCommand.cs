using System.CommandLine;
using System.Globalization;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Logs;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog.Inspection;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Shows what a log holds, segment by segment.</summary>
internal sealed class LogStatCommand : LogFilesCommand
{
    private readonly Option<bool> _json = JsonOption.Create();

    public LogStatCommand(CommandConsole console)
        : base(console, "stat", "Shows what a log holds: its segments, their offsets, sizes and times.", "embedctl log stat ./data", "embedctl log stat ./data --json | jq .bytes_per_interaction") =>
        Add(_json);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var report = LogInspector.Inspect(LogDirectory(arguments), cancellationToken);
        if (arguments.GetValue(_json))
        {
            Terminal.WriteJson(LogDocument.Of(report));
            return Task.FromResult(ExitCode.Success);
        }
        Terminal.WriteRows(
            ["segment", ">from", ">to", ">bytes", ">commits", ">interactions", ">records", ">erased", "created", "last commit", "state"],
            report.Segments.Select(segment => (IReadOnlyList<string>)
            [
                Path.GetFileName(segment.Path),
                $"{segment.BaseOffset}",
                $"{segment.EndOffset}",
                $"{segment.Bytes}",
                $"{segment.Groups}",
                $"{segment.Interactions}",
                $"{segment.Records}",
                $"{segment.Erased}",
                TimeOf(segment.Created),
                TimeOf(segment.LastCommit),
                StateOf(segment),
            ]));
        Terminal.Output.WriteLine(FormattableString.Invariant(
            $"{report.Interactions} interactions in {report.Bytes} bytes: {report.BytesPerInteraction:0.0} bytes an interaction; {report.Producers} producers remembered"));
        return Task.FromResult(ExitCode.Success);
    }

    private static string TimeOf(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string StateOf(SegmentReport segment) => segment.Damage switch
    {
        { Count: 0 } => "sound",
        var damage when damage.All(each => each.IsTornTail) => "torn tail",
        _ => "damaged",
    };
}
