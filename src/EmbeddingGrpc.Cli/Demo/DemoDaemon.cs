using EmbeddingGrpc.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>The daemon, in this process and on free ports. Everything reaches it through gRPC, as if it were another one.</summary>
internal sealed class DemoDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DemoDaemon(WebApplication app) => _app = app;

    /// <summary>Its gRPC address.</summary>
    public string Address => _app.Services.GetRequiredService<DaemonAddresses>().Grpc.ToString();

    /// <summary>Starts a daemon.</summary>
    /// <param name="dataDirectory">Where its log and its generations are.</param>
    /// <param name="redis">Where its Redis is.</param>
    /// <param name="log">Receives its warnings and errors.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<DemoDaemon> StartAsync(string dataDirectory, string redis, TextWriter log, CancellationToken cancellationToken)
    {
        string[] settings =
        [
            "--EmbeddingGrpc:Listen=127.0.0.1",
            "--EmbeddingGrpc:GrpcPort=0",
            "--EmbeddingGrpc:HttpPort=0",
            $"--EmbeddingGrpc:DataDirectory={dataDirectory}",
            $"--EmbeddingGrpc:Redis:Configuration={redis}",
            // Here Redis, daemon and callers share two cores: a busy moment must not pass for an answer that Redis does not have.
            "--EmbeddingGrpc:Redis:LookupBudget=00:00:02",
            // So few items are searched faster than any Redis answers; what is shown here is that it does.
            "--EmbeddingGrpc:Redis:SkipWhenSlower=false",
        ];
        var app = DaemonHost.Build(settings, builder =>
        {
            // Standard output is the demo's.
            builder.Logging.ClearProviders();
            builder.Logging.AddProvider(new WriterLoggerProvider(log, LogLevel.Warning));
        });
        try
        {
            await app.StartAsync(cancellationToken);
            return new DemoDaemon(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
