using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.Training;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Trains a generation and waits until it serves.</summary>
internal sealed class TrainCommand : ModelCommand
{
    private readonly Option<bool> _full = new("--full") { Description = "Begin anew, also where the model's Retrain.FullEvery lets trainings go on from what serves." };
    private readonly Option<bool> _json = JsonOption.Create();

    public TrainCommand(CommandConsole console)
        : base(
            console,
            "train",
            "Trains a new generation on everything ingested so far, and returns when it serves.\n\n"
            + "Before it serves it is compared with the generation that does, on what users did since. If it is worse it is kept and does not serve; the exit code "
            + "is then 3, and 'embedctl promote' lets it serve all the same.\n\n"
            + "While a training runs already, this watches that one. Ctrl-C stops the watching, not the training.",
            "embedctl train",
            "embedctl train --full",
            "embedctl train --model films --json")
    {
        Add(_full);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        IReadOnlyDictionary<string, double>? phaseSeconds = null;
        var result = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var phases = new TrainingPhases(display);
            var trained = await client.TrainAsync(progress: phases, full: arguments.GetValue(_full), cancellationToken: cancellationToken);
            phases.Finish();
            phaseSeconds = phases.Seconds;
            return trained;
        });
        var generation = result.Generation;
        if (arguments.GetValue(_json)) Terminal.WriteJson(GenerationDocument.Of(generation, result.ElapsedSeconds, phaseSeconds));
        else WriteText(generation, result.ElapsedSeconds);
        if (generation.Serving) return ExitCode.Success;
        Terminal.WriteError($"generation {generation.Number} was trained but does not serve: {generation.Promotion?.Reason}");
        return ExitCode.Rejected;
    }

    private void WriteText(Generation generation, double seconds)
    {
        Terminal.Output.WriteLine(
            $"generation {generation.Number} ({generation.Id}) {(generation.Serving ? "serves" : "is kept")}: {generation.ItemCount:N0} items x {generation.Dimension}, "
            + $"{generation.TrainedOffset:N0} interactions, {seconds:0.00} s");
        if (generation.Promotion is { } promotion) Terminal.Output.WriteLine($"  {PromotionText.NameOf(promotion.Verdict)}: {promotion.Reason}");
        foreach (var (name, value) in generation.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal))
            Terminal.Output.WriteLine($"  {name,-32} {value:G6}");
    }
}
