using EmbeddingGrpc.Server.Hosting;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Hosting;

/// <summary>A real daemon on free ports with a temporary data directory, removed when it is disposed.</summary>
public sealed class TestDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string? _ownDirectory;

    private TestDaemon(WebApplication app, string dataDirectory, string? ownDirectory)
    {
        (_app, DataDirectory, _ownDirectory) = (app, dataDirectory, ownDirectory);
        Addresses = app.Services.GetRequiredService<DaemonAddresses>();
        Channel = GrpcChannel.ForAddress(Addresses.Grpc);
        Http = new HttpClient { BaseAddress = Addresses.Http };
    }

    public string DataDirectory { get; }

    public DaemonAddresses Addresses { get; }

    public GrpcChannel Channel { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts one.</summary>
    /// <param name="dataDirectory">A directory to keep, such as that of an earlier daemon; null for a temporary one.</param>
    /// <param name="args">Further command line.</param>
    /// <param name="configure">Changes the builder.</param>
    public static async Task<TestDaemon> StartAsync(
        string? dataDirectory = null, IEnumerable<string>? args = null, Action<WebApplicationBuilder>? configure = null)
    {
        var own = dataDirectory is null ? Directory.CreateTempSubdirectory("embeddinggrpc-test-").FullName : null;
        var directory = dataDirectory ?? own!;
        string[] all = ["--GrpcPort=0", "--HttpPort=0", $"--DataDirectory={directory}", "--Logging:LogLevel:Default=Warning", .. args ?? []];
        WebApplication? app = null;
        try
        {
            app = DaemonHost.Build(all, configure);
            await app.StartAsync(TestContext.Current.CancellationToken);
            return new TestDaemon(app, directory, own);
        }
        catch
        {
            if (app is not null) await app.DisposeAsync();
            if (own is not null) Directory.Delete(own, recursive: true);
            throw;
        }
    }

    /// <summary>Stops it as SIGTERM does, the directory stays.</summary>
    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        if (_ownDirectory is not null) Directory.Delete(_ownDirectory, recursive: true);
    }
}
