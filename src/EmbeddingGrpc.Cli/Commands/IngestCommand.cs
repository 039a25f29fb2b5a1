using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Ingestion;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Streams a file of behaviour into the daemon and returns when it is on its disk.</summary>
internal sealed class IngestCommand : ModelCommand
{
    /// <summary>A daemon that is restarted is waited for; one that is gone is not.</summary>
    private static readonly TimeSpan PatienceWithDaemon = TimeSpan.FromSeconds(30);

    private readonly SourceOptions _source = new();
    private readonly Option<bool> _json = JsonOption.Create();

    private readonly Option<string?> _producer = new("--producer")
    {
        Description = "Name under which the daemon remembers how far this file got. Default: made from the file's content and the options that change "
            + "what is read. Give one for a file that grows, and only its new lines are sent.",
        HelpName = "NAME",
    };

    private readonly Option<bool> _strict = new("--strict")
    {
        Description = "Exit with 1 if any line was refused, although the others were taken.",
    };

    public IngestCommand(CommandConsole console)
        : base(
            console,
            "ingest",
            "Streams a file of behaviour into the daemon; returns when all of it is on the daemon's disk.\n\n"
            + "A bad line is reported with its number and skipped; the others are taken. Files from the wild have a few, so the exit code is 0 as long as "
            + "anything was taken (see --strict).\n\n"
            + "Running it again after an interruption is safe: each interaction is numbered by its place in the file, and what the daemon has already is "
            + "not taken twice.",
            "embedctl ingest --format movielens ratings.csv",
            "embedctl ingest --format movielens --min-rating 4 ratings.csv",
            "embedctl ingest --format sequences histories.txt     # user item item item ...",
            "embedctl ingest --format sessions baskets.txt        # item item item ...",
            "embedctl ingest --format csv --columns user=visitorid,item=itemid,time=timestamp,type=event events.csv",
            "zcat events.csv.gz | embedctl ingest --format csv -")
    {
        _source.AddTo(this);
        Add(_producer);
        Add(_strict);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        // Before the file is touched: a daemon that is down, or a model that does not exist, is the commonest mistake.
        await client.GetModelAsync(cancellationToken: cancellationToken);
        using var file = _source.Open(arguments);
        using var source = _source.Read(arguments, file);
        var refusals = new RefusalLog(file.Name);
        var options = new EventStreamOptions { ProducerName = arguments.GetValue(_producer) ?? _source.ProducerName(arguments, file), GiveUpAfter = PatienceWithDaemon };

        var summary = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin($"ingest {Path.GetFileName(file.Name)}");
            var summary = await Ingestor.RunAsync(
                client, source, options, refusals, sent => step.Report(FractionOf(file), $"{sent:N0} interactions"), cancellationToken);
            step.Done($"{summary.Interactions:N0} interactions");
            return summary;
        });
        foreach (var message in refusals.Messages()) Terminal.WriteWarning(message);
        Write(summary, arguments.GetValue(_json));
        if (summary is { Refused: > 0, Added: 0, AlreadyThere: 0 }) throw new CommandFailedException($"nothing in {file.Name} was taken; is --format right?");
        return summary.Refused > 0 && arguments.GetValue(_strict) ? ExitCode.Failed : ExitCode.Success;
    }

    private static double? FractionOf(SourceFile file) => file.LengthBytes is > 0 and var length ? (double)file.PositionBytes / length : null;

    private void Write(IngestSummary summary, bool json)
    {
        if (json)
        {
            Terminal.WriteJson(summary);
            return;
        }
        Terminal.Output.WriteLine($"{summary.Added:N0} interactions added in {summary.Seconds:0.00} s ({summary.InteractionsPerSecond:N0}/s), all on the daemon's disk");
        if (summary.AlreadyThere > 0) Terminal.Output.WriteLine($"{summary.AlreadyThere:N0} were there from an earlier run");
        if (summary.FilteredLines > 0) Terminal.Output.WriteLine($"{summary.FilteredLines:N0} lines left out by --min-rating");
        if (summary.Refused > 0) Terminal.Output.WriteLine($"{summary.Refused:N0} refused");
    }
}
