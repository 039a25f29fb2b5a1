using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lists the items of the catalogue.</summary>
internal sealed class ItemsListCommand : ModelCommand
{
    private readonly Option<int> _limit = new Option<int>("--limit")
    {
        Description = "So many at most; 0 means all of them.",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
    }.AcceptOnlyRange(0, int.MaxValue);

    private readonly Option<bool> _json = JsonOption.Create();

    public ItemsListCommand(CommandConsole console)
        : base(
            console,
            "list",
            "Lists the items of the catalogue in the order in which the model first saw them. With --json a document for each item, as 'items upsert' reads it.",
            "embedctl items list --limit 20",
            "embedctl items list --json > items.jsonl")
    {
        Add(_limit);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var limit = arguments.GetValue(_limit) is > 0 and var wanted ? wanted : int.MaxValue;
        var items = client.ListItemsAsync(cancellationToken).Take(limit);
        if (arguments.GetValue(_json))
        {
            await foreach (var item in items) Terminal.WriteJson(ItemDocument.Of(item));
            return ExitCode.Success;
        }

        var rows = new List<Item>();
        await foreach (var item in items) rows.Add(item);
        Terminal.WriteRows(["item", "attributes"], rows.Select(item => (IReadOnlyList<string>)[item.ItemId, ItemText.Of(item)]));
        return ExitCode.Success;
    }
}
