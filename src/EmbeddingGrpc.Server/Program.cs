using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        try
        {
            await using var daemon = DaemonHost.Build(args);
            try
            {
                await daemon.StartAsync();
            }
            catch (OperationCanceledException) when (daemon.Lifetime.ApplicationStopping.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("The daemon was told to stop before it had started.");
                await daemon.StopAsync();
                return 0;
            }

            await daemon.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception e) when (StartFailure.Of(e) is { } failure)
        {
            await Console.Error.WriteLineAsync($"The daemon did not start. {failure.Message}");
            return failure.ExitCode;
        }
    }
}
