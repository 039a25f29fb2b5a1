using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli;

internal static class Program
{
    private static Task<int> Main(string[] args) => EmbedCtl.RunAsync(args, CommandConsole.ForProcess());
}
