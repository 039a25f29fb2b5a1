using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Shows one item of the catalogue.</summary>
internal sealed class ItemsGetCommand : ModelCommand
{
    private readonly Argument<string> _id = new("ID") { Description = "The item." };
    private readonly Option<bool> _json = JsonOption.Create();

    public ItemsGetCommand(CommandConsole console)
        : base(console, "get", "Shows the attributes of an item.", "embedctl items get 6")
    {
        Add(_id);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var item = await client.GetItemAsync(arguments.GetRequiredValue(_id), cancellationToken);
        if (arguments.GetValue(_json))
        {
            Terminal.WriteJson(ItemDocument.Of(item));
            return ExitCode.Success;
        }

        Terminal.WriteRows(
            ["attribute", "value"],
            item.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).Select(attribute => (IReadOnlyList<string>)[attribute.Key, ItemText.Of(attribute.Value)]));
        return ExitCode.Success;
    }
}
