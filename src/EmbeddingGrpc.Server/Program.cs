using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        try
        {
            await using var daemon = DaemonHost.Build(args);
            await daemon.RunAsync();
            return 0;
        }
        catch (Exception e) when (StartFailure.Of(e) is { } failure)
        {
            await Console.Error.WriteLineAsync($"The daemon did not start. {failure.Message}");
            return failure.ExitCode;
        }
    }
}
