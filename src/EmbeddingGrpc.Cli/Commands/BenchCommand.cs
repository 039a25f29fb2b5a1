using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>The group of commands that measure a running daemon.</summary>
internal sealed class BenchCommand : Command
{
    public BenchCommand(CommandConsole console)
        : base("bench", "Measures a running daemon with load made here, which shares the machine with it unless --address names another; 'prequential' starts one itself.")
    {
        Add(new BenchIngestCommand(console));
        Add(new BenchRecallCommand(console));
        Add(new BenchFreshnessCommand(console));
        Add(new BenchPrequentialCommand(console));
        ExampleHelp.AddTo(this, "embedctl bench ingest --seconds 30", "embedctl bench recall --in-flight 8 --json", "embedctl bench freshness --seconds 30");
    }
}
