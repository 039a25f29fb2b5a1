using System.CommandLine;
using EmbeddingGrpc.Cli.Check;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Tells whether a deployed daemon does its work, without touching its models. It is what <c>helm test</c> runs.</summary>
internal sealed class CheckCommand : DaemonCommand
{
    private const string ModelPrefix = "check-";

    // Small and quick; the world that is streamed has laws that even this finds.
    private static readonly Dictionary<string, string> ModelOptions = new() { ["Training.Dimension"] = "32", ["Training.Epochs"] = "15", ["Training.Threads"] = "1" };

    // Where the command was interrupted, the model is still deleted.
    private static readonly TimeSpan PatienceWithDeletion = TimeSpan.FromSeconds(10);

    private readonly Option<bool> _json = JsonOption.Create();

    public CheckCommand(CommandConsole console)
        : base(
            console,
            "check",
            "Checks a running daemon from end to end: creates a model of its own, streams a small simulated world into it, trains it, asks for what its people did next, "
            + "and deletes it. Other models are not touched. Fails unless the recalls are well above popularity.",
            "embedctl check --address http://recall:50051")
    {
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var model = ModelPrefix + Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal);
        using var client = Connect(ClientOptions(arguments) with { Model = model });
        await client.Models.CreateModelAsync(new CreateModelRequest { Model = model, Options = { ModelOptions } }, cancellationToken: cancellationToken);
        CheckOutcome outcome;
        try
        {
            outcome = await ProgressDisplay.RunAsync(Terminal, display => new CheckRun(client, display).RunAsync(cancellationToken));
        }
        finally
        {
            await DeleteAsync(client, model);
        }

        if (arguments.GetValue(_json)) Terminal.WriteJson(outcome);
        else
            Terminal.Output.WriteLine(
                $"{outcome.Interactions:N0} interactions streamed, trained in {outcome.TrainingSeconds:0.0} s, recalled: hit rate at 10 {outcome.Hit10:0.000}, popularity {outcome.Popularity10:0.000}");
        if (outcome.Failure() is not { } failure) return ExitCode.Success;
        Terminal.WriteError(failure);
        return ExitCode.Failed;
    }

    private async Task DeleteAsync(EmbeddingClient client, string model)
    {
        try
        {
            using var patience = new CancellationTokenSource(PatienceWithDeletion);
            await client.Models.DeleteModelAsync(new DeleteModelRequest { Model = model }, cancellationToken: patience.Token);
        }
        catch (RpcException e)
        {
            // What made the check fail is what matters; the model is named so that somebody can delete it.
            Terminal.WriteWarning($"model {model} is left behind: {RpcErrorText.Describe(e)}");
        }
    }
}
