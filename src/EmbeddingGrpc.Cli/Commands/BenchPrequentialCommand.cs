using System.CommandLine;
using System.Globalization;
using EmbeddingGrpc.Cli.Bench.Prequential;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Replays a file in the order of time, asking before it tells, and compares ways of keeping up.</summary>
internal sealed class BenchPrequentialCommand : EmbedCtlCommand
{
    private const string HomePrefix = "embedctl-prequential-";

    private readonly SourceOptions _source = new();
    private readonly Option<double> _warmUp = OptionRanges.Number("--warm-up", "Oldest share of the interactions, trained on before the first question.", 0.9, 0.01, 0.99);
    private readonly Option<int> _k = OptionRanges.Number("--k", "Length of the lists.", 20, 1, 1000);
    private readonly Option<double> _retrainHours = OptionRanges.Number("--retrain-hours", "Hours between two trainings, by the events' own time.", 24.0, 0.01, 1e6);
    private readonly Option<string[]> _set = OptionSettings.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public BenchPrequentialCommand(CommandConsole console)
        : base(
            console,
            "prequential",
            "Replays a file in the order of its times through a daemon in this process: at each step it first asks what the user does next, then tells. The clock is the "
            + "events' own. Compares a model that was trained once with one that folds new items in, and both with models that are retrained again and again, on the same "
            + "events; by the embeddings alone, by the live item graph alone, and by all sources together. New items are those that came after the first training.\n\n"
            + "Everything it writes is in a temporary directory and deleted at the end. The last line of --json is the result.",
            "embedctl bench prequential --format movielens ratings.csv",
            "embedctl bench prequential --format movielens ratings.csv --warm-up 0.8 --retrain-hours 168 --set Training.Dimension=64 --json")
    {
        _source.AddTo(this);
        foreach (var option in new Option[] { _warmUp, _k, _retrainHours, _set, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var interactions = Read(arguments, cancellationToken);
        var warmUp = (int)(arguments.GetValue(_warmUp) * interactions.Count);
        if (warmUp < 2 || warmUp >= interactions.Count)
            throw new CommandFailedException($"the file has {interactions.Count:N0} interactions that train: too few to train on some and ask for others");
        var home = Directory.CreateTempSubdirectory(HomePrefix);
        try
        {
            await using var daemon = await ReplayDaemon.StartAsync(home.FullName, Terminal.Error, cancellationToken);
            // Both are on this machine, and a busy one must not end a long replay.
            using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, CallTimeout = TimeSpan.FromMinutes(10) });
            var retrainEvery = TimeSpan.FromHours(arguments.GetValue(_retrainHours));
            var replay = new PrequentialReplay(daemon, interactions, warmUp, arguments.GetValue(_k), retrainEvery, OptionSettings.Parse(arguments.GetValue(_set)));
            var report = await ProgressDisplay.RunAsync(Terminal, display => replay.RunAsync(client, display, cancellationToken));
            if (replay.Refused > 0) Terminal.WriteWarning($"{replay.Refused:N0} interactions were refused, the first because of its {replay.Refusal}");
            if (arguments.GetValue(_json)) Terminal.WriteJson(report);
            else WriteText(report);
            return ExitCode.Success;
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    /// <inheritdoc/>
    protected override string? Explain(Exception exception, ParseResult arguments) =>
        exception is Grpc.Core.RpcException e ? RpcErrorText.Describe(e) : base.Explain(exception, arguments);

    private List<TimedInteraction> Read(ParseResult arguments, CancellationToken cancellationToken)
    {
        var interactions = SourceInteractions.Read(_source, arguments, new InteractionWeights(), Terminal, cancellationToken);
        // Stable: what has the same time stays in the order of the file.
        return [.. interactions.OrderBy(interaction => interaction.EventTimeMs)];
    }

    private void WriteText(PrequentialReport report)
    {
        Terminal.Output.WriteLine(
            $"{report.Steps:N0} steps after {report.WarmUp:N0} interactions; {report.NewItemSteps:N0} with new items, {report.UnknowableSteps:N0} with items that nobody had seen; "
            + $"{report.Trainings:N0} trainings, {report.RetrainHours:0.##} hours apart");
        Terminal.WriteRows(
            ["model", "sources", $">hit rate@{report.K}", ">of new items", ">hits", ">their share", "hit rate by tenths of the replay"],
            report.Answers.Select(answers => new[]
            {
                answers.Policy,
                answers.Sources,
                Text(answers.HitRate, "0.0000"),
                Text(answers.NewItemHitRate, "0.0000"),
                $"{answers.NewItemHits}",
                Text(answers.NewItemShare, "0.000"),
                string.Join(' ', answers.HitRateOverTime.Select(rate => Text(rate, "0.000"))),
            }));
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
