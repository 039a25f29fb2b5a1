using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lets a generation that is on disk serve.</summary>
internal sealed class PromoteCommand : ModelCommand
{
    private readonly Argument<string> _generation = new("GENERATION") { Description = "Its number or its id, as 'embedctl generations' shows them." };
    private readonly Option<bool> _json = JsonOption.Create();

    public PromoteCommand(CommandConsole console)
        : base(
            console,
            "promote",
            "Lets a generation that is on disk serve: one that was rejected, or an older one.",
            "embedctl promote 7",
            "embedctl promote 9f86d081884c7d65 --model films")
    {
        Add(_generation);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var generation = await client.PromoteGenerationAsync(arguments.GetRequiredValue(_generation), cancellationToken: cancellationToken);
        if (arguments.GetValue(_json)) Terminal.WriteJson(GenerationDocument.Of(generation));
        else Terminal.Output.WriteLine($"generation {generation.Number} ({generation.Id}) serves: {generation.ItemCount:N0} items x {generation.Dimension}");
        return ExitCode.Success;
    }
}
