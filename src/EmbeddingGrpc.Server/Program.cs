using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server;

internal static class Program
{
    private static async Task Main(string[] args)
    {
        await using var daemon = DaemonHost.Build(args);
        await daemon.RunAsync();
    }
}
