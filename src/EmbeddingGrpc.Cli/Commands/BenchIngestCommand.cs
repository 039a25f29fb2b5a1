using System.CommandLine;
using System.Text.Json;
using EmbeddingGrpc.Cli.Bench;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Streams made-up interactions and measures throughput and the time to a durable acknowledgement.</summary>
internal sealed class BenchIngestCommand : ModelCommand
{
    private readonly Option<int> _users = OptionRanges.Number("--users", "Different users.", 1_000_000, 1, 1_000_000_000);
    private readonly Option<int> _items = OptionRanges.Number("--items", "Different items.", 1_000_000, 1, 100_000_000);
    private readonly Option<double> _zipf = OptionRanges.Number("--zipf", "Popularity of the item at rank r is 1 / r to this power.", 1.0, 0, 10);
    private readonly Option<int> _batch = OptionRanges.Number("--batch", "Interactions a message.", 500, 1, 10_000);
    private readonly Option<int> _streams = OptionRanges.Number("--streams", "Streams at once, each a producer of its own.", 1, 1, 1000);
    private readonly Option<int> _inFlight = OptionRanges.Number("--in-flight", "Batches of one stream that wait for their acknowledgement.", 32, 1, 10_000);
    private readonly Option<int> _rate = OptionRanges.Number("--rate", "Interactions a second over all streams; 0 is as fast as they are taken.", 0, 0, 100_000_000);
    private readonly Option<int> _seconds = OptionRanges.Number("--seconds", "How long.", 10, 1, 86_400);
    private readonly Option<ulong> _seed = OptionRanges.Number<ulong>("--seed", "Seed of what is sent.", 42, 0, ulong.MaxValue);
    private readonly Option<DirectoryInfo?> _dataDirectory = new("--data-directory")
    {
        Description = "The daemon's data directory, where it is on this machine: the fsync of its disk is measured before the load and told beside it.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _http = new("--http")
    {
        Description = "The daemon's HTTP address: its memory is looked at every second and told. Default: as the data directory says, where it is named.",
        HelpName = "URL",
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
        foreach (var option in new Option[] { _users, _items, _zipf, _batch, _streams, _inFlight, _rate, _seconds, _seed, _dataDirectory, _http, _json }) Add(option);
        _http.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValueOrDefault<string>(), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                result.AddError($"--http '{result.GetValueOrDefault<string>()}' is not an http:// or https:// address, such as http://127.0.0.1:8080.");
        });
        _dataDirectory.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!Directory.Exists(token.Value)) result.AddError($"--data-directory: '{token.Value}' does not exist.");
            }
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
        using var client = Connect(arguments);
        // The streams would wait for a daemon that is down.
        await client.GetModelAsync(cancellationToken: cancellationToken);
        var directory = arguments.GetValue(_dataDirectory);
        var fsync = directory is null ? null : FsyncProbe.Measure(directory.FullName, cancellationToken);
        using var http = HttpOf(arguments.GetValue(_http), directory) is { } address ? new HttpClient { BaseAddress = address } : null;
        var memory = http is null ? null : new MemoryWatch(http);
        var report = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("ingest");
            var result = await load.RunAsync(client, memory, (fraction, rate) => step.Report(fraction, $"{rate:N0} interactions/s"), cancellationToken);
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
        if (memory is not null)
            Terminal.Output.WriteLine($"the daemon's memory in RAM: {report.RssMbStart:N0} MB before, {report.RssMbMiddle:N0} MB half way, {report.RssMbEnd:N0} MB after, at most {report.RssMbPeak:N0} MB");
        Terminal.Output.WriteLine($"applied {report.AppliedLagMs:0} ms after the last acknowledgement; {report.Rejected:N0} rejected");
        return ExitCode.Success;
    }

    private static Uri? HttpOf(string? option, DirectoryInfo? dataDirectory)
    {
        if (option is not null) return new Uri(option);
        if (dataDirectory is null) return null;
        var path = Path.Combine(dataDirectory.FullName, DaemonFile.FileName);
        if (!File.Exists(path)) return null;
        using var daemon = JsonDocument.Parse(File.ReadAllText(path));
        return new Uri(daemon.RootElement.GetProperty("http").GetString()!);
    }

    private static double Milliseconds(TimeSpan[] sorted, int percentile) => Math.Round(sorted[sorted.Length * percentile / 100].TotalMilliseconds, 3);
}
