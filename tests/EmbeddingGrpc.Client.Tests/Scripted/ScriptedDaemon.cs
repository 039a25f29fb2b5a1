using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Client.Tests.Scripted;

/// <summary>A real gRPC server on a real port that does what a test tells it to, misbehaviour included.</summary>
internal sealed class ScriptedDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedDaemon(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public int Port => new Uri(Address).Port;

    /// <summary>Starts a server.</summary>
    /// <param name="script">What its services do.</param>
    /// <param name="port">0 for any free one.</param>
    public static async Task<ScriptedDaemon> StartAsync(DaemonScript script, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        // A stop must be as abrupt as a test wants it.
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        app.MapGrpcService<ScriptedEventService>();
        app.MapGrpcService<ScriptedRecallService>();
        app.MapGrpcService<ScriptedModelService>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ScriptedDaemon(app);
    }

    public static RpcException Unavailable() => new(new Status(StatusCode.Unavailable, "scripted"));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
