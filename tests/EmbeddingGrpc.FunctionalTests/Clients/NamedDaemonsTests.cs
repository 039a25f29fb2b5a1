using System.Collections.Concurrent;
using System.Diagnostics;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Clients;

/// <summary>A client of a <c>dns:///</c> name whose addresses change while it runs, as those of a headless service do.</summary>
public sealed class NamedDaemonsTests : IDisposable
{
    private const string Name = "recall.test";
    private const string Calls = "http_server_request_duration_seconds_count";

    private readonly TemporaryDirectory _first = new();
    private readonly TemporaryDirectory _second = new();
    private readonly TemporaryDirectory _files = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Calls_OfAClientThatIsConnected_ReachADaemonThatJoinedItsName_AndLeaveOneThatIsGone()
    {
        var hosts = new HostsFile(_files.File("hosts"));
        await using var first = await DaemonProcess.StartAsync(_first.FullPath, Cancel);
        hosts.Set(Name, "127.0.0.1");
        var said = new ConcurrentQueue<string>();
        using var client = Process.Start(new ProcessStartInfo(
            Build.CommandLineExecutable,
            ["status", "--watch", "--address", $"dns:///{Name}:{first.GrpcAddress.Port}", "--http", first.HttpAddress.ToString()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LD_PRELOAD"] = HostsFile.RequireLibrary(), ["NSS_WRAPPER_HOSTS"] = hosts.Path },
        })!;
        async Task<bool> HasCallsAsync(DaemonProcess daemon, double more = 0)
        {
            Assert.False(client.HasExited, $"The client ended: {string.Join(Environment.NewLine, said)}");
            return await CallsAsync(daemon) > more;
        }

        try
        {
            client.OutputDataReceived += (_, _) => { };
            client.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
            client.BeginOutputReadLine();
            client.BeginErrorReadLine();
            await Eventually.TrueAsync("the client calls the daemon that there is", () => HasCallsAsync(first), Cancel);

            await using var second = await DaemonProcess.StartAsync(_second.FullPath, Cancel, "--Listen=127.0.0.2", $"--GrpcPort={first.GrpcAddress.Port}");
            hosts.Set(Name, "127.0.0.1", "127.0.0.2");
            await Eventually.TrueAsync("the client calls the daemon that joined the name", () => HasCallsAsync(second), Cancel);

            // Now the other one goes, as in a rolling update: the client goes on with the one that is left.
            await first.StopAsync(Cancel);
            hosts.Set(Name, "127.0.0.2");
            var before = await CallsAsync(second);
            await Eventually.TrueAsync("the client goes on", () => HasCallsAsync(second, before + 3), Cancel);
        }
        finally
        {
            client.Kill();
            await client.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<double> CallsAsync(DaemonProcess daemon) => (await DaemonMetrics.ScrapeAsync(daemon, Cancel)).SumOf(Calls, "ModelService/ListModels");
}
