using EmbeddingGrpc.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Cli.Tests;

/// <summary>A real daemon on free ports with a directory of its own, gone after the test.</summary>
internal sealed class RunningDaemon : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private WebApplication? _app;

    private RunningDaemon()
    {
    }

    /// <summary>What <c>--address</c> takes.</summary>
    public string Address { get; private set; } = "";

    public string DataDirectory => _directory.Path;

    public static async Task<RunningDaemon> StartAsync(params string[] settings)
    {
        var daemon = new RunningDaemon();
        try
        {
            var app = DaemonHost.Build(["--GrpcPort=0", "--HttpPort=0", $"--DataDirectory={daemon._directory.Path}", "--Logging:LogLevel:Default=Warning", .. settings]);
            daemon._app = app;
            await app.StartAsync(TestContext.Current.CancellationToken);
            daemon.Address = app.Services.GetRequiredService<DaemonAddresses>().Grpc.ToString();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }

        _directory.Dispose();
    }
}
