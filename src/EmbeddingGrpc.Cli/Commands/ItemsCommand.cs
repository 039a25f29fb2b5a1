using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>The group of commands about the catalogue.</summary>
internal sealed class ItemsCommand(CommandConsole console) : CommandGroup(
    "items",
    "The catalogue: attributes of items, and which were deleted.",
    new ItemsUpsertCommand(console),
    new ItemsGetCommand(console),
    new ItemsListCommand(console),
    new ItemsDeleteCommand(console),
    new ItemsAttributesCommand(console));
