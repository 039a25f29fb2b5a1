using System.CommandLine;
using EmbeddingGrpc.Cli.Bench;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Streams made-up interactions and measures throughput and the time to a durable acknowledgement.</summary>
internal sealed class BenchIngestCommand : ModelCommand
{
    private readonly Option<int> _users = Positive("--users", "Different users.", 1_000_000);
    private readonly Option<int> _items = Positive("--items", "Different items.", 1_000_000);
    private readonly Option<double> _zipf = new("--zipf") { Description = "Popularity of the item at rank r is 1 / r to this power.", HelpName = "S", DefaultValueFactory = _ => 1.0 };
    private readonly Option<int> _batch = Positive("--batch", "Interactions a message, at most 10000.", 500);
    private readonly Option<int> _streams = Positive("--streams", "Streams at once, each a producer of its own.", 1);
    private readonly Option<int> _inFlight = Positive("--in-flight", "Batches of one stream that wait for their acknowledgement.", 32);
    private readonly Option<int> _rate = new("--rate") { Description = "Interactions a second over all streams; 0 is as fast as they are taken.", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _seconds = Positive("--seconds", "How long.", 10);
    private readonly Option<ulong> _seed = new("--seed") { Description = "Seed of what is sent.", HelpName = "N", DefaultValueFactory = _ => 42 };
    private readonly Option<DirectoryInfo?> _dataDirectory = new("--data-directory")
    {
        Description = "The daemon's data directory, where it is on this machine: the fsync of its disk is measured before the load and told beside it.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _json = JsonOption.Create();

    public BenchIngestCommand(CommandConsole console)
        : base(
            console,
            "ingest",
            "Streams made-up interactions, as fast as they are taken or at a given rate, and measures them until they are on disk.\n\n"
            + "They are real to the daemon: point it at a model of its own (--model) or at a scratch data directory. The last line of --json is the result.",
            "embedctl bench ingest --seconds 30 --json",
            "embedctl bench ingest --rate 50000 --streams 4 --data-directory ./data")
    {
        foreach (var option in new Option[] { _users, _items, _zipf, _batch, _streams, _inFlight, _rate, _seconds, _seed, _dataDirectory, _json }) Add(option);
        Validators.Add(result =>
        {
            if (result.GetValue(_rate) < 0) result.AddError("--rate must be at least 0.");
            if (result.GetValue(_dataDirectory) is { Exists: false } missing) result.AddError($"--data-directory: '{missing}' does not exist.");
            if (result.GetValue(_batch) > 10_000) result.AddError("--batch must be at most 10000, the most that one message may carry.");
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var load = new IngestLoad
        {
            Users = arguments.GetValue(_users),
            Items = arguments.GetValue(_items),
            ZipfExponent = arguments.GetValue(_zipf),
            BatchSize = arguments.GetValue(_batch),
            Streams = arguments.GetValue(_streams),
            BatchesInFlight = arguments.GetValue(_inFlight),
            Rate = arguments.GetValue(_rate),
            Duration = TimeSpan.FromSeconds(arguments.GetValue(_seconds)),
            Seed = arguments.GetValue(_seed),
        };
        var fsync = arguments.GetValue(_dataDirectory) is { } directory ? FsyncProbe.Measure(directory.FullName, cancellationToken) : null;
        using var client = Connect(arguments);
        var report = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("ingest");
            var result = await load.RunAsync(client, (fraction, rate) => step.Report(fraction, $"{rate:N0} interactions/s"), cancellationToken);
            step.Done($"{result.InteractionsPerSecond:N0} interactions/s");
            return result;
        });

        if (fsync is not null) report = report with { FsyncP50Ms = Milliseconds(fsync, 50), FsyncP99Ms = Milliseconds(fsync, 99) };
        if (arguments.GetValue(_json))
        {
            Terminal.WriteJson(report);
            return ExitCode.Success;
        }

        Terminal.Output.WriteLine($"{report.Interactions:N0} interactions durable in {report.Seconds:0.0} s: {report.InteractionsPerSecond:N0}/s");
        Terminal.Output.WriteLine($"acknowledged after {report.AckP50Ms:0.00} ms (median), {report.AckP99Ms:0.00} ms (99th percentile)");
        if (fsync is not null) Terminal.Output.WriteLine($"an fsync of the daemon's disk alone: {report.FsyncP50Ms:0.00} ms (median), {report.FsyncP99Ms:0.00} ms (99th percentile)");
        Terminal.Output.WriteLine($"applied {report.AppliedLagMs:0} ms after the last acknowledgement; {report.Rejected:N0} rejected");
        return ExitCode.Success;
    }

    private static double Milliseconds(TimeSpan[] sorted, int percentile) => Math.Round(sorted[sorted.Length * percentile / 100].TotalMilliseconds, 3);

    private static Option<int> Positive(string name, string description, int value)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError($"{name} must be at least 1.");
        });
        return option;
    }
}
