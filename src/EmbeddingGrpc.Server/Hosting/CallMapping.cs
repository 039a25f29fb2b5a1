using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Rest;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Maps the calls while the daemon starts and not while it is built: that is a third of a second, most of it for code that is used for the first time, in which the models are
/// being opened. Before the servers start.
/// </summary>
internal sealed class CallMapping : IHostedService
{
    private WebApplication? _daemon;

    /// <summary>Says whose calls they are, once it is built.</summary>
    public void Of(WebApplication daemon) => _daemon = daemon;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var daemon = _daemon ?? throw new InvalidOperationException("The daemon was not named.");
        // Not beside the thread that makes them ahead: see there.
        Descriptors.MakeReady();
        daemon.MapGrpcServices();
        daemon.MapRest();
        daemon.MapHttpEndpoints();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
