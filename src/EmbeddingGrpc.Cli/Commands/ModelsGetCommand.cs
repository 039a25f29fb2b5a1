using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Shows one model with its options.</summary>
internal sealed class ModelsGetCommand : DaemonCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The model." };
    private readonly Option<bool> _json = JsonOption.Create();

    public ModelsGetCommand(CommandConsole console)
        : base(console, "get", "Shows a model: its watermarks, its serving generation and its options.", "embedctl models get default")
    {
        Add(_name);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var model = await client.GetModelAsync(arguments.GetRequiredValue(_name), cancellationToken);
        if (arguments.GetValue(_json)) Terminal.WriteJson(ModelDocument.Of(model));
        else Terminal.WriteModel(model);
        return ExitCode.Success;
    }
}
