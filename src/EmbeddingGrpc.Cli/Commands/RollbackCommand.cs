using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lets the generation before the serving one serve again.</summary>
internal sealed class RollbackCommand : ModelCommand
{
    private readonly Option<bool> _json = JsonOption.Create();

    public RollbackCommand(CommandConsole console)
        : base(
            console,
            "rollback",
            "Lets the generation before the serving one serve again. Rejected ones are passed over, and nothing is deleted: 'embedctl promote' goes forward again.",
            "embedctl rollback",
            "embedctl rollback --model films --json") => Add(_json);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var generation = await client.RollbackGenerationAsync(cancellationToken: cancellationToken);
        if (arguments.GetValue(_json)) Terminal.WriteJson(GenerationDocument.Of(generation));
        else Terminal.Output.WriteLine($"generation {generation.Number} ({generation.Id}) serves again: {generation.ItemCount:N0} items x {generation.Dimension}");
        return ExitCode.Success;
    }
}
