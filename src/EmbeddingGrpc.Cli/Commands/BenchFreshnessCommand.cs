using System.CommandLine;
using System.Globalization;
using EmbeddingGrpc.Cli.Bench;
using EmbeddingGrpc.Cli.Bench.Freshness;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Measures how long it takes from an event to a recall that knows of it, under load.</summary>
internal sealed class BenchFreshnessCommand : ModelCommand
{
    private readonly Option<int> _items = OptionRanges.Number("--items", "Items of the model, which is made and imported first.", 100_000, 200, 100_000_000);
    private readonly Option<int> _dimension = OptionRanges.Number("--dimension", "Values of a vector.", 64, 2, 1024);
    private readonly Option<int> _rate = OptionRanges.Number("--rate", "Interactions a second, those of new items included.", 20_000, 1, 10_000_000);
    private readonly Option<int> _newItems = OptionRanges.Number("--new-items", "New items a second.", 200, 0, 1_000_000);
    private readonly Option<int> _recallRate = OptionRanges.Number("--recall-rate", "Recalls a second beside all that.", 100, 0, 1_000_000);
    private readonly Option<int> _seconds = OptionRanges.Number("--seconds", "How long.", 30, 1, 86_400);
    private readonly Option<int> _warmUp = OptionRanges.Number("--warm-up", "Seconds of the same load before that, which are not measured.", 5, 0, 3600);
    private readonly Option<int> _seed = OptionRanges.Number("--seed", "Seed of the world.", 42, 0, int.MaxValue);
    private readonly Option<bool> _reuse = new("--reuse")
    {
        Description = "Do not import: the model serves the vectors of an earlier run with the same --items, --dimension and --seed.",
    };

    private readonly Option<string?> _http = new("--http")
    {
        Description = "The daemon's HTTP address, such as http://127.0.0.1:8080: its memory is read from /metrics.",
        HelpName = "URL",
    };

    private readonly Option<bool> _json = JsonOption.Create();

    public BenchFreshnessCommand(CommandConsole console)
        : base(
            console,
            "freshness",
            "Makes a model of made-up vectors by import, streams interactions with new items among them, and measures the time from a new item's third interaction "
            + "on disk until the item is among the 50 nearest of an item it was seen with, and from a new user's interaction on disk until the user's recall is made of it.\n\n"
            + "The events and the vectors are real to the daemon: point it at a model of its own (--model) or at a scratch data directory.",
            "embedctl bench freshness --json",
            "embedctl bench freshness --items 1000000 --dimension 64 --rate 20000 --new-items 200 --seconds 60 --json")
    {
        foreach (var option in new Option[] { _items, _dimension, _rate, _newItems, _recallRate, _seconds, _warmUp, _seed, _reuse, _http, _json }) Add(option);
        _http.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValueOrDefault<string>(), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                result.AddError($"--http '{result.GetValueOrDefault<string>()}' is not an http:// or https:// address, such as http://127.0.0.1:8080.");
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var load = new FreshnessLoad
        {
            Items = arguments.GetValue(_items),
            Dimension = arguments.GetValue(_dimension),
            Rate = arguments.GetValue(_rate),
            NewItems = arguments.GetValue(_newItems),
            RecallRate = arguments.GetValue(_recallRate),
            Duration = TimeSpan.FromSeconds(arguments.GetValue(_seconds)),
            WarmUp = TimeSpan.FromSeconds(arguments.GetValue(_warmUp)),
            Seed = arguments.GetValue(_seed),
        };
        var world = new FreshnessWorld(load.Items, load.Dimension, load.Seed, run: DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture));
        using var client = Connect(arguments);
        using var http = arguments.GetValue(_http) is { } address ? new HttpClient { BaseAddress = new Uri(address) } : null;
        var memory = http is null ? null : new MemoryWatch(http);
        var report = await ProgressDisplay.RunAsync(
            Terminal, display => MeasureAsync(load, world, client, Model(arguments), arguments.GetValue(_reuse), memory, display, cancellationToken));
        if (arguments.GetValue(_json)) Terminal.WriteJson(report);
        else WriteText(report);
        return ExitCode.Success;
    }

    /// <inheritdoc/>
    protected override string? Explain(Exception exception, ParseResult arguments) => exception is HttpRequestException
        ? $"cannot read {arguments.GetValue(_http)}/metrics ({exception.Message}); pass the daemon's HTTP address, or leave --http out"
        : base.Explain(exception, arguments);

    private static async Task<FreshnessReport> MeasureAsync(
        FreshnessLoad load, FreshnessWorld world, EmbeddingClient client, string model, bool reuse, MemoryWatch? memory, ProgressDisplay display,
        CancellationToken cancellationToken)
    {
        var import = TimeSpan.Zero;
        var step = display.Begin(reuse ? "look for the model" : "import the model");
        var vectors = new FreshnessImport(client, model);
        if (reuse) await vectors.RequireImportedAsync(world, cancellationToken);
        else import = await vectors.ImportAsync(world, fraction => step.Report(fraction), cancellationToken);
        step.Done($"{load.Items:N0} items x {load.Dimension}");
        step = display.Begin("stream and look");
        var report = await load.RunAsync(client, world, import, memory, fraction => step.Report(fraction), cancellationToken);
        step.Done($"{report.InteractionsPerSecond:N0} interactions/s");
        return report;
    }

    private void WriteText(FreshnessReport report)
    {
        Terminal.Output.WriteLine($"{report.Items:N0} items x {report.Dimension}, imported in {report.ImportSeconds:0.0} s");
        Terminal.Output.WriteLine($"{report.InteractionsPerSecond:N0} interactions/s and {report.NewItems:N0} new items/s for {report.Seconds:0.0} s");
        Terminal.Output.WriteLine(
            $"new item recallable after ms: p50 {report.NewItemP50Ms:0.0}, p99 {report.NewItemP99Ms:0.0} ({report.NewItemsMeasured:N0} measured, {report.NewItemsMissed:N0} missed)");
        Terminal.Output.WriteLine($"user's interaction in recall after ms: p50 {report.UserEventP50Ms:0.0}, p99 {report.UserEventP99Ms:0.0} ({report.UserEventsMeasured:N0} measured)");
        Terminal.Output.WriteLine($"recall meanwhile ms: p50 {report.RecallP50Ms:0.00}, p99 {report.RecallP99Ms:0.00} ({report.Recalls:N0} calls)");
        Terminal.Output.WriteLine($"new items are {report.ColdShareCatalogue:P3} of the catalogue and {report.ColdShareUnrelated:P3} of unrelated lists, {report.HubRatio:0.00} times as much");
        if (report is { RssMbStart: { } start, RssMbEnd: { } end, RssMbPeak: { } peak })
            Terminal.Output.WriteLine($"the daemon's memory in RAM: {start:N0} MB before, {end:N0} MB after, at most {peak:N0} MB");
    }
}
