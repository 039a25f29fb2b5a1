using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Deletes a model.</summary>
internal sealed class ModelsDeleteCommand : DaemonCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The model." };
    private readonly Option<bool> _yes = ConfirmOption.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public ModelsDeleteCommand(CommandConsole console)
        : base(
            console,
            "delete",
            "Deletes a model with its log and its generations. This cannot be undone. The default model, and one that feeds others, cannot be deleted.",
            "embedctl models delete films --yes")
    {
        Add(_name);
        Add(_yes);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var name = arguments.GetRequiredValue(_name);
        Terminal.Confirm(arguments.GetValue(_yes), $"Delete model {name} with everything it has on disk?");
        using var client = Connect(arguments);
        await client.Models.DeleteModelAsync(new DeleteModelRequest { Model = name }, cancellationToken: cancellationToken);
        if (arguments.GetValue(_json)) Terminal.WriteJson(new { Deleted = name });
        else Terminal.Output.WriteLine($"model {name} deleted");
        return ExitCode.Success;
    }
}
