using System.CommandLine;
using System.Globalization;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.TrainFile;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Says how good embeddings are on what users did after a moment in time: those of a daemon's model, or of a file.</summary>
internal sealed class EvaluateCommand : ModelCommand
{
    private static readonly EvaluationOptions Defaults = new();

    private readonly SourceOptions _source = new();
    private readonly TrainFileOptions _training = new();

    private readonly Option<double> _testFraction = new("--test-fraction")
    {
        Description = "The newest share of the interactions, which is asked for and not trained on: 0.001..0.9.",
        HelpName = "SHARE",
        DefaultValueFactory = _ => Defaults.TestFraction,
    };

    private readonly Option<int> _k = new Option<int>("--k") { Description = "Length of the lists that are judged, 1..1000.", HelpName = "K", DefaultValueFactory = _ => Defaults.K }
        .AcceptOnlyRange(1, 1000);

    private readonly Option<int> _sessionGapMinutes = SessionGapOption.Create();
    private readonly TypeWeightOption _typeWeights = new();
    private readonly Option<bool> _json = JsonOption.Create();

    public EvaluateCommand(CommandConsole console)
        : base(
            console,
            "evaluate",
            "Trains on what is before a cut in time, asks for what users did after it, and shows how good the answers are beside those of popularity and "
            + "co-occurrence, with 95% confidence intervals over users.\n\n"
            + "Without FILE it asks the daemon about a model's options and events; what serves is not touched. With FILE no daemon is needed, and the "
            + "training options of 'train-file' apply.",
            "embedctl evaluate",
            "embedctl evaluate --model films --k 20 --json",
            "embedctl evaluate --format movielens ratings.csv --dimension 64",
            "embedctl evaluate --format csv --columns user=u,item=i,time=t,type=what events.csv --type-weight purchase=3")
    {
        _source.AddOptionalTo(this);
        foreach (var option in new Option[] { _testFraction, _k, _sessionGapMinutes }) Add(option);
        _typeWeights.AddTo(this, _source);
        _training.AddTo(this);
        Add(_json);
        _testFraction.AcceptOnlyRange(0.001, 0.9);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var report = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("evaluate");
            var evaluated = _source.IsGiven(arguments)
                ? await Task.Run(() => EvaluateFile(arguments, step, cancellationToken), cancellationToken)
                : await EvaluateModelAsync(arguments, step, cancellationToken);
            step.Done($"{evaluated.Queries:N0} queries of {evaluated.Users:N0} users");
            return evaluated;
        });
        if (arguments.GetValue(_json)) Terminal.WriteJson(report);
        else WriteText(report);
        return ExitCode.Success;
    }

    /// <inheritdoc/>
    protected override string? Explain(Exception exception, ParseResult arguments) => exception switch
    {
        NothingToEvaluateException or ArgumentException => exception.Message,
        _ => base.Explain(exception, arguments),
    };

    private async Task<EvaluationDocument> EvaluateModelAsync(ParseResult arguments, ProgressStep step, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var progress = new InlineProgress(done => step.Report(done));
        return EvaluationDocument.Of(await client.EvaluateAsync(
            arguments.GetValue(_testFraction), arguments.GetValue(_k), progress: progress, cancellationToken: cancellationToken));
    }

    private EvaluationDocument EvaluateFile(ParseResult arguments, ProgressStep step, CancellationToken cancellationToken)
    {
        var training = _training.Read(arguments);
        var interactions = SourceInteractions.Read(_source, arguments, _typeWeights.Read(arguments), Terminal, cancellationToken);
        var options = Defaults with { TestFraction = arguments.GetValue(_testFraction), K = arguments.GetValue(_k) };
        var gap = TimeSpan.FromMinutes(arguments.GetValue(_sessionGapMinutes));
        return EvaluationDocument.Of(ModelEvaluation.Run(() => interactions, gap, training, options, done => step.Report(done), cancellationToken));
    }

    private void WriteText(EvaluationDocument report)
    {
        Terminal.Output.WriteLine(
            $"{report.TrainingInteractions:N0} interactions before {report.CutTime}, {report.TestInteractions:N0} after; "
            + $"{report.Queries:N0} queries of {report.Users:N0} users, {report.UnknownTargets:P1} of the right answers unknown before the cut");
        Terminal.WriteRows(
            ["recommender", "slice", ">queries", $">recall@{report.K}", $">hit rate@{report.K}", $">ndcg@{report.K}", $">mrr@{report.K}", ">coverage", ">novelty", ">cold"],
            report.Recommenders.SelectMany(recommender => new[]
            {
                Row(recommender, "all", recommender.All, isFirst: true),
                Row(recommender, "new items", recommender.NewItems, isFirst: false),
                Row(recommender, "light users", recommender.LightUsers, isFirst: false),
            }));
    }

    private static IReadOnlyList<string> Row(RecommenderDocument recommender, string name, SliceDocument slice, bool isFirst) =>
    [
        isFirst ? recommender.Name : "",
        name,
        $"{slice.Queries}",
        Text(slice.Recall),
        Text(slice.HitRate),
        Text(slice.Ndcg),
        Text(slice.Mrr),
        isFirst ? recommender.Coverage.ToString("0.000", CultureInfo.InvariantCulture) : "",
        isFirst ? recommender.Novelty.ToString("0.0", CultureInfo.InvariantCulture) : "",
        isFirst ? recommender.ColdShare.ToString("0.000", CultureInfo.InvariantCulture) : "",
    ];

    private static string Text(EstimateDocument estimate) => string.Create(CultureInfo.InvariantCulture, $"{estimate.Value:0.0000} [{estimate.Lower:0.0000}, {estimate.Upper:0.0000}]");

    private sealed class InlineProgress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
