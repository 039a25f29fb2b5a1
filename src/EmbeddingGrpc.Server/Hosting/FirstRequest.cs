using System.Net.Sockets;
using System.Text;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Asks the daemon for its own health while the models are being opened: the first request builds the table of routes and has compiled what answers it, a sixth of a second that
/// whoever calls first would wait for. Not over TLS, where it would need a certificate to believe in.
/// </summary>
internal sealed partial class FirstRequest(DaemonAddresses addresses, ILogger<FirstRequest> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private Task _asking = Task.CompletedTask;

    /// <summary>Begins to ask; the servers have started.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (addresses.Http.Scheme == Uri.UriSchemeHttp) _asking = Task.Run(AskAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Waits for the answer, which stops coming when the servers stop.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _asking;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task AskAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(addresses.Http.Host.Trim('[', ']'), addresses.HttpPort, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /readyz HTTP/1.1\r\nHost: {addresses.Http.Authority}\r\nConnection: close\r\n\r\n"), patience.Token);
            // Whatever it says: it has been through all that the next one goes through.
            await stream.CopyToAsync(Stream.Null, patience.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Nobody waits for it: the first caller is only a little slower.
            LogUnanswered(addresses.Http, e.Message);
        }
    }

    [LoggerMessage(1002, LogLevel.Debug, "The daemon's first request to itself, at {Address}, was not answered: {Reason}")]
    private partial void LogUnanswered(Uri address, string reason);
}
