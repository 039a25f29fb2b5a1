using System.CommandLine;
using EmbeddingGrpc.Cli.Bench;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Calls Recall in a closed or an open loop and measures the latency.</summary>
internal sealed class BenchRecallCommand : ModelCommand
{
    private readonly Option<RecallQueryKind> _query = new Option<RecallQueryKind>("--query")
    {
        Description = "What to ask for: items repeat and are mostly cached; sessions and vectors are searched for.",
        HelpName = "item|user|session|vector",
        DefaultValueFactory = _ => RecallQueryKind.Session,
    }.AcceptOnlyNames();

    private readonly Option<FileInfo?> _ids = new("--ids") { Description = "Ids to ask about, one a line; otherwise the model's most popular items.", HelpName = "FILE" };
    private readonly Option<int> _k = OptionRanges.Number("--k", "Items an answer, 1..1000.", 50, 1, 1000);
    private readonly Option<int> _inFlight = OptionRanges.Number("--in-flight", "Calls in flight of a closed loop.", 8, 1, 10_000);
    private readonly Option<int> _channels = OptionRanges.Number("--channels", "Connections.", 4, 1, 1000);
    private readonly Option<int> _rate = OptionRanges.Number("--rate", "Calls a second of an open loop; 0 is a closed loop.", 0, 0, 10_000_000);
    private readonly Option<int> _warmUp = OptionRanges.Number("--warm-up", $"Seconds of load before the measurement; with --rate the first half of them by {RecallLoad.FirstInFlight} calls in flight.", 2, 0, 3600);
    private readonly Option<int> _seconds = OptionRanges.Number("--seconds", "Seconds of measurement.", 10, 1, 86_400);
    private readonly Option<int> _seed = OptionRanges.Number("--seed", "Seed of what is asked.", 42, 0, int.MaxValue);
    private readonly Option<bool> _json = JsonOption.Create();

    public BenchRecallCommand(CommandConsole console)
        : base(
            console,
            "recall",
            "Calls Recall and measures the latency.\n\n"
            + "A closed loop keeps a number of calls in flight and finds the throughput. An open loop starts calls on schedule and finds the latency "
            + "at that rate, waiting included (no coordinated omission).",
            "embedctl bench recall --in-flight 8",
            "embedctl bench recall --query item --rate 5000 --seconds 60 --json")
    {
        foreach (var option in new Option[] { _query, _ids, _k, _inFlight, _channels, _rate, _warmUp, _seconds, _seed, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_query) == RecallQueryKind.User && arguments.GetValue(_ids) is null) throw CommandFailedException.Usage("--query user needs --ids FILE with user ids.");
        string[] ids = arguments.GetValue(_ids) is { } file ? [.. File.ReadLines(file.FullName).Where(line => line.Length > 0)] : [];
        // What fails is to be told, not tried again; and a client that may try again takes more of the processor that the daemon is measured on.
        var options = ClientOptions(arguments) with { MaximumAttempts = 1 };
        var clients = Enumerable.Range(0, arguments.GetValue(_channels)).Select(_ => Connect(options)).ToArray();
        try
        {
            var load = new RecallLoad
            {
                Queries = await RecallQueries.PrepareAsync(clients[0], arguments.GetValue(_query), arguments.GetValue(_k), ids, cancellationToken),
                InFlight = arguments.GetValue(_inFlight),
                Rate = arguments.GetValue(_rate),
                WarmUp = TimeSpan.FromSeconds(arguments.GetValue(_warmUp)),
                Duration = TimeSpan.FromSeconds(arguments.GetValue(_seconds)),
                Seed = arguments.GetValue(_seed),
            };
            var report = await ProgressDisplay.RunAsync(Terminal, async display =>
            {
                var step = display.Begin("recall");
                var result = await load.RunAsync(clients, (fraction, rate) => step.Report(fraction, $"{rate:N0} calls/s"), cancellationToken);
                step.Done($"{result.Qps:N0} calls/s");
                return result;
            });
            Write(report, arguments.GetValue(_json));
            if (report.Errors == 0) return ExitCode.Success;
            Terminal.WriteError($"{report.Errors:N0} calls failed; the first: {report.FirstError}");
            return ExitCode.Failed;
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    private void Write(RecallReport report, bool json)
    {
        if (json)
        {
            Terminal.WriteJson(report);
            return;
        }

        Terminal.Output.WriteLine($"{report.Mode} loop: {report.Calls:N0} calls in {report.Seconds:0.0} s, {report.Qps:N0}/s");
        Terminal.Output.WriteLine($"latency ms: p50 {report.P50Ms:0.000}, p99 {report.P99Ms:0.000}, p99.9 {report.P999Ms:0.000}, max {report.MaxMs:0.000}");
        Terminal.Output.WriteLine($"answered by search {report.FromSearch:N0}, memory {report.FromMemory:N0}, Redis {report.FromRedis:N0}");
    }
}
