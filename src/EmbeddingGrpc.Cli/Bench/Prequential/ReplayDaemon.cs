using EmbeddingGrpc.Cli.Demo;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Cli.Bench.Prequential;

/// <summary>The daemon, in this process and on free ports. Events and questions reach it through gRPC; only the end of a fold-in is waited for from inside.</summary>
internal sealed class ReplayDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ReplayDaemon(WebApplication app) => _app = app;

    /// <summary>Its gRPC address.</summary>
    public string Address => _app.Services.GetRequiredService<DaemonAddresses>().Grpc.ToString();

    /// <summary>Starts a daemon.</summary>
    /// <param name="dataDirectory">Where its log and its generations are.</param>
    /// <param name="log">Receives its warnings and errors.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ReplayDaemon> StartAsync(string dataDirectory, TextWriter log, CancellationToken cancellationToken)
    {
        string[] settings =
            ["--EmbeddingGrpc:Listen=127.0.0.1", "--EmbeddingGrpc:GrpcPort=0", "--EmbeddingGrpc:HttpPort=0", $"--EmbeddingGrpc:DataDirectory={dataDirectory}"];
        var app = DaemonHost.Build(settings, builder =>
        {
            // Standard output is the report's.
            builder.Logging.ClearProviders();
            builder.Logging.AddProvider(new WriterLoggerProvider(log, LogLevel.Warning));
        });
        try
        {
            await app.StartAsync(cancellationToken);
            return new ReplayDaemon(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until models have applied and folded in everything before an offset.</summary>
    public async Task FoldInAsync(IEnumerable<string> models, long offset, CancellationToken cancellationToken)
    {
        var registry = _app.Services.GetRequiredService<ModelRegistry>();
        foreach (var model in models) await registry.Get(model).WaitForFoldInAsync(new LogOffset(offset), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
