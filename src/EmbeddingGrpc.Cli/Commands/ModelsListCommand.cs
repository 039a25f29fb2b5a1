using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lists the models.</summary>
internal sealed class ModelsListCommand : DaemonCommand
{
    private readonly Option<bool> _json = JsonOption.Create();

    public ModelsListCommand(CommandConsole console)
        : base(console, "list", "Lists the models: what each has on disk, in its histories and in its serving generation.", "embedctl models list") =>
        Add(_json);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var response = await client.Models.ListModelsAsync(new ListModelsRequest(), cancellationToken: cancellationToken);
        if (arguments.GetValue(_json))
        {
            foreach (var model in response.Models) Terminal.WriteJson(ModelDocument.Of(model));
        }
        else
        {
            Terminal.WriteRows(
                ["name", "events from", ">durable", ">applied", ">trained", ">users", ">generation", ">items", "training"],
                response.Models.Select(model => (IReadOnlyList<string>)
                [
                    model.Name,
                    model.EventsFrom,
                    $"{model.DurableOffset}",
                    $"{model.AppliedOffset}",
                    $"{model.TrainedOffset}",
                    $"{model.UserCount}",
                    model.Serving is null ? "" : $"{model.Serving.Number}",
                    model.Serving is null ? "" : $"{model.Serving.ItemCount}",
                    model.Training ? "yes" : "",
                ]));
        }
        foreach (var unavailable in response.Unavailable) Terminal.WriteWarning($"model {unavailable.Name} could not be opened: {unavailable.Reason}");
        return ExitCode.Success;
    }
}
