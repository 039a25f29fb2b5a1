using EmbeddingGrpc.Protocol.V1;
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

    /// <summary>
    /// Begins to build the descriptors of the API's messages, which mapping needs first, on another thread: for whoever is about to read settings on this one. What fails there
    /// fails again, with the same error, where it is used.
    /// </summary>
    public static void Prepare() => _ = Task.Run(static () => (EventService.Descriptor, RecallService.Descriptor, ModelService.Descriptor, CatalogService.Descriptor));

    /// <summary>Says whose calls they are, once it is built.</summary>
    public void Of(WebApplication daemon) => _daemon = daemon;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var daemon = _daemon ?? throw new InvalidOperationException("The daemon was not named.");
        daemon.MapGrpcServices();
        daemon.MapRest();
        daemon.MapHttpEndpoints();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
