using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Forgets a user and prints the receipt.</summary>
internal sealed class EraseUserCommand : ModelCommand
{
    private readonly Argument<string> _user = new("USER") { Description = "The user." };
    private readonly Option<bool> _all = new("--all-models") { Description = "Erase the user from every model that has events of its own." };
    private readonly Option<bool> _yes = ConfirmOption.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public EraseUserCommand(CommandConsole console)
        : base(
            console,
            "erase-user",
            "Forgets a user: drops the history and takes every interaction out of the files. Prints a receipt that names each store and when it is free of the "
            + "user. This cannot be undone, and takes as long as the daemon needs to rewrite the files that hold the user.",
            "embedctl erase-user ada --yes",
            "embedctl erase-user ada --all-models --yes --json")
    {
        Add(_user);
        foreach (var option in new Option[] { _all, _yes, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var user = arguments.GetRequiredValue(_user);
        using var client = Connect(arguments);
        IReadOnlyList<string> models = [Model(arguments)];
        if (arguments.GetValue(_all)) models = [.. (await client.ListModelsAsync(cancellationToken)).Where(model => model.EventsFrom.Length == 0).Select(model => model.Name)];
        Terminal.Confirm(arguments.GetValue(_yes), $"Erase user {user} from {string.Join(", ", models)}?");
        foreach (var model in models) Write(model, await client.EraseUserAsync(user, model, cancellationToken), arguments.GetValue(_json));
        return ExitCode.Success;
    }

    private void Write(string model, EraseUserResponse receipt, bool json)
    {
        if (json)
        {
            Terminal.WriteJson(new
            {
                Model = model,
                receipt.UserHash,
                receipt.LogOffset,
                CompleteTime = receipt.CompleteTime.ToDateTimeOffset(),
                receipt.InteractionsErased,
                Stores = ErasureReceipt.Document(receipt.Stores),
            });
            return;
        }

        Terminal.Output.WriteLine($"user erased from model {model}; {receipt.UserHash[..16]} stands for the user in the log");
        ErasureReceipt.Write(Terminal, receipt.Stores);
    }
}
