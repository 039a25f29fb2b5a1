using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>The group of commands about models.</summary>
internal sealed class ModelsCommand(CommandConsole console) : CommandGroup(
    "models",
    "Models: embedding spaces with their own options, log, generations and index.",
    new ModelsListCommand(console),
    new ModelsGetCommand(console),
    new ModelsCreateCommand(console),
    new ModelsUpdateCommand(console),
    new ModelsDeleteCommand(console),
    new ModelsOptionsCommand(console));
