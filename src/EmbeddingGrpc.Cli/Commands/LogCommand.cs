using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>The group of commands that read a log's files, without a daemon.</summary>
internal sealed class LogCommand(CommandConsole console) : CommandGroup(
    "log",
    "Reads and mends the files of a model's event log, without a daemon.",
    new LogVerifyCommand(console),
    new LogStatCommand(console),
    new LogDumpCommand(console),
    new LogSalvageCommand(console));
