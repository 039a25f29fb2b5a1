using System.CommandLine;
using System.Globalization;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lists a model's generations with what was measured of them.</summary>
internal sealed class GenerationsCommand : ModelCommand
{
    // What a person compares; --json has all of them.
    private static readonly (string Column, string Metric)[] Shown =
    [
        (">words/s", "training.words_per_second"),
        (">loss", "training.loss"),
        (">index recall@10", "index.recall_at_10"),
        (">recall", "evaluation.recall"),
        (">of the one before", "evaluation.serving_recall"),
    ];

    private readonly Option<bool> _json = JsonOption.Create();

    public GenerationsCommand(CommandConsole console)
        : base(
            console,
            "generations",
            "Lists the generations on disk, newest first, with their metrics.",
            "embedctl generations",
            "embedctl generations --model films --json | jq .metrics") => Add(_json);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var generations = await client.ListGenerationsAsync(cancellationToken: cancellationToken);
        if (arguments.GetValue(_json))
        {
            foreach (var generation in generations) Terminal.WriteJson(GenerationDocument.Of(generation));
            return ExitCode.Success;
        }
        if (generations.Count == 0) Terminal.WriteWarning($"model {Model(arguments)} has no generation yet; run 'embedctl train'");
        Terminal.WriteRows(
            [">number", "id", "serving", "verdict", "made", ">interactions", ">items", ">dimension", .. Shown.Select(shown => shown.Column)],
            generations.Select(generation => (IReadOnlyList<string>)
            [
                $"{generation.Number}",
                generation.Id,
                generation.Serving ? "yes" : "",
                PromotionText.NameOf(generation.Promotion?.Verdict),
                generation.CreateTime.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                $"{generation.TrainedOffset}",
                $"{generation.ItemCount}",
                $"{generation.Dimension}",
                .. Shown.Select(shown => MetricOf(generation, shown.Metric)),
            ]));
        return ExitCode.Success;
    }

    private static string MetricOf(Generation generation, string name) =>
        generation.Metrics.TryGetValue(name, out var value) ? value.ToString("G5", CultureInfo.InvariantCulture) : "";
}
