using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Demo;
using EmbeddingGrpc.Cli.Ingestion;
using EmbeddingGrpc.Cli.Recall;
using EmbeddingGrpc.Cli.Simulation;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Shows the main job from end to end, without anything installed or running.</summary>
internal sealed class DemoCommand : EmbedCtlCommand
{
    private const string HomePrefix = "embedctl-demo-";

    // Toy Story and Star Wars: Episode IV.
    private static readonly string[] FilmsToShow = ["1", "260"];

    private readonly SourceOptions _source = new();

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Seed of the simulated world; the same seed is the same world.",
        HelpName = "N",
        DefaultValueFactory = _ => new SimulatedWorldOptions().Seed,
    };

    private readonly Option<string?> _directory = new("--directory")
    {
        Description = "Where the temporary directory is made. Default: where the system has its own.",
        HelpName = "DIR",
    };

    public DemoCommand(CommandConsole console)
        : base(
            console,
            "demo",
            "Starts a daemon and a Redis in this process, streams behaviour in, trains, and asks for what each user did next: a simulated world, or your own "
            + "file with each user's newest interaction held out. Everything it writes is in a temporary directory and deleted at the end.\n\n"
            + "The last line on standard output is JSON: hit10, popularity10, random10, redis_hits, seconds. The exit code is 1 unless hit10 is at least 1.5 "
            + "times popularity10 and 0.02 above it, and redis_hits is above 0.",
            "embedctl demo",
            "embedctl demo --format movielens ratings.csv          # with titles, if movies.csv lies beside it",
            "embedctl demo --format sequences histories.txt | tail -1 | jq .hit10")
    {
        _source.AddOptionalTo(this);
        _seed.AcceptOnlyRange(0UL, ulong.MaxValue);
        Add(_seed);
        Add(_directory);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var clock = new StepClock();
        var home = CreateHome(arguments.GetValue(_directory));
        try
        {
            var result = await ProgressDisplay.RunAsync(Terminal, async display =>
            {
                var data = await LoadAsync(arguments, display, clock, cancellationToken);
                return await new DemoRun(data, home, Terminal, display, clock).RunAsync(cancellationToken);
            });
            DemoReport.Write(Terminal, result);
            if (result.Outcome().Failure() is not { } failure) return ExitCode.Success;
            Terminal.WriteError(failure);
            return ExitCode.Failed;
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    private static DirectoryInfo CreateHome(string? parent)
    {
        if (parent is null) return Directory.CreateTempSubdirectory(HomePrefix);
        if (!Directory.Exists(parent)) throw new CommandFailedException($"there is no directory {parent}");
        return Directory.CreateDirectory(Path.Combine(parent, HomePrefix + Path.GetRandomFileName()));
    }

    private async Task<DemoData> LoadAsync(ParseResult arguments, ProgressDisplay display, StepClock clock, CancellationToken cancellationToken)
    {
        DemoData? data = null;
        var name = _source.IsGiven(arguments) ? "read the file" : "simulate a world";
        await clock.MeasureAsync(name, async () =>
        {
            var step = display.Begin(name);
            step.Report(null);
            data = await Task.Run(() => Load(arguments, cancellationToken), cancellationToken);
            var detail = $"{data.Split.Training.Count + data.Split.Hidden.Count:N0} interactions";
            step.Done(detail);
            return detail;
        });
        return data!;
    }

    private DemoData Load(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (!_source.IsGiven(arguments)) return DemoData.FromWorld(new SimulatedWorldOptions { Seed = arguments.GetValue(_seed) });
        using var file = _source.Open(arguments);
        using var source = _source.Read(arguments, file);
        var refusals = new RefusalLog(file.Name);
        var data = DemoData.FromSource(file.Name, source, TitlesBeside(file, _source.Format(arguments)), refusals, cancellationToken);
        foreach (var message in refusals.Messages()) Terminal.WriteWarning(message);
        return _source.Format(arguments) == SourceFormat.Movielens ? data with { WellKnownItems = FilmsToShow } : data;
    }

    private static ItemTitles TitlesBeside(SourceFile file, SourceFormat format)
    {
        var movies = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file.Name)) ?? ".", "movies.csv");
        return format == SourceFormat.Movielens && file.Fingerprint is not null && File.Exists(movies) ? ItemTitles.Read(movies) : ItemTitles.None;
    }
}
