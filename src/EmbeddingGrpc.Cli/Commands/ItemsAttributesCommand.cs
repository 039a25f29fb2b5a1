using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lists the attributes that items have had.</summary>
internal sealed class ItemsAttributesCommand : ModelCommand
{
    private readonly Option<bool> _json = JsonOption.Create();

    public ItemsAttributesCommand(CommandConsole console)
        : base(console, "attributes", "Lists the attributes that items have had, with the type of each: that of its first use.", "embedctl items attributes") => Add(_json);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var response = await client.Catalog.ListAttributesAsync(new ListAttributesRequest { Model = Model(arguments) }, cancellationToken: cancellationToken);
        if (arguments.GetValue(_json))
        {
            foreach (var attribute in response.Attributes) Terminal.WriteJson(new { attribute.Name, Type = ItemText.Of(attribute.Type), attribute.ItemCount });
            return ExitCode.Success;
        }

        Terminal.WriteRows(["attribute", "type", ">items"], response.Attributes.Select(attribute => (IReadOnlyList<string>)[attribute.Name, ItemText.Of(attribute.Type), $"{attribute.ItemCount}"]));
        return ExitCode.Success;
    }
}
