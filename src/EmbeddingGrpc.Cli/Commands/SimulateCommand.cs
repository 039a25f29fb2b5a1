using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Simulation;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Streams a simulated world into the daemon, at a given rate and for as long as told.</summary>
internal sealed class SimulateCommand : ModelCommand
{
    private readonly Option<int> _rate = new("--rate") { Description = "Interactions a second; 0 is as fast as they are taken.", HelpName = "N", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _seconds = new("--seconds") { Description = "How long; 0 is until Ctrl-C.", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _users = new("--users") { Description = "People.", HelpName = "N", DefaultValueFactory = _ => new DriftingWorldOptions().Users };
    private readonly Option<int> _items = new("--items") { Description = "Things on offer at a time.", HelpName = "N", DefaultValueFactory = _ => 4000 };
    private readonly Option<int> _newItemEvery = new("--new-item-every")
    {
        Description = "Interactions after which one thing is new and another leaves.",
        HelpName = "N",
        DefaultValueFactory = _ => (int)new DriftingWorldOptions().InteractionsPerNewItem,
    };

    private readonly Option<double> _tasteChange = new("--taste-change")
    {
        Description = "Chance that a person's tastes have changed since the last session.",
        HelpName = "0..1",
        DefaultValueFactory = _ => new DriftingWorldOptions().TasteChange,
    };

    private readonly Option<ulong> _seed = new("--seed") { Description = "The same seed is the same world.", HelpName = "N", DefaultValueFactory = _ => new DriftingWorldOptions().Seed };
    private readonly Option<bool> _json = JsonOption.Create();

    public SimulateCommand(CommandConsole console)
        : base(
            console,
            "simulate",
            "Streams a simulated world into the daemon: people with tastes that change, things that come and go, sessions as they happen now.\n\n"
            + "Its interactions are real to the daemon: give it a model of its own (--model) or a scratch data directory.",
            "embedctl simulate --rate 500 --seconds 60",
            "embedctl simulate --rate 50 --new-item-every 200     # until Ctrl-C")
    {
        _rate.AcceptOnlyRange(0, 100_000_000);
        _seconds.AcceptOnlyRange(0, int.MaxValue);
        _users.AcceptOnlyRange(1, 100_000_000);
        _items.AcceptOnlyRange(2 * new DriftingWorldOptions().Topics, 4_000_000);
        _newItemEvery.AcceptOnlyRange(1, int.MaxValue);
        _tasteChange.AcceptOnlyRange(0, 1);
        _seed.AcceptOnlyRange(0UL, ulong.MaxValue);
        foreach (var option in new Option[] { _rate, _seconds, _users, _items, _newItemEvery, _tasteChange, _seed, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        await client.GetModelAsync(cancellationToken: cancellationToken);
        var options = new DriftingWorldOptions { Users = arguments.GetValue(_users), Seed = arguments.GetValue(_seed), TasteChange = arguments.GetValue(_tasteChange) };
        var world = new DriftingWorld(options with
        {
            ItemsPerTopic = arguments.GetValue(_items) / options.Topics,
            InteractionsPerNewItem = arguments.GetValue(_newItemEvery),
        });
        var duration = arguments.GetValue(_seconds) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan;
        var feed = new WorldFeed(world, arguments.GetValue(_rate), duration, TimeProvider.System);
        var summary = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("simulate");
            var sent = await feed.RunAsync(client, (fraction, text) => step.Report(fraction, text), cancellationToken);
            step.Done($"{sent.Interactions:N0} interactions");
            return sent;
        });
        if (arguments.GetValue(_json)) Terminal.WriteJson(summary);
        else
            Terminal.Output.WriteLine(
                $"{summary.Interactions:N0} interactions in {summary.Seconds:0.0} s ({summary.InteractionsPerSecond:N0}/s), {summary.NewItems:N0} new things; all on the daemon's disk");
        return ExitCode.Success;
    }
}
