using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EmbeddingGrpc.Server.Hosting.Tls;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Asks the daemon for its own health while the models are being opened, over HTTP and over gRPC: the first requests build the table of routes and have compiled what answers them, a
/// fifth of a second that whoever calls first would wait for. With TLS over gRPC alone; where callers show certificates it has none, and is refused after most of the way.
/// </summary>
internal sealed partial class FirstRequests(DaemonAddresses addresses, TlsOptions tls, IServiceProvider services, ILogger<FirstRequests> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private Task _asking = Task.CompletedTask;

    /// <summary>Begins to ask; the servers have started.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _asking = Task.Run(AskBothAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Waits for the answers, which stop coming when the servers stop.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _asking;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task AskBothAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        if (!tls.IsOn) await AskAsync(addresses.Http, AskHttpAsync, patience.Token);
        await AskAsync(addresses.Grpc, AskGrpcAsync, patience.Token);
    }

    private async Task AskAsync(Uri address, Func<Uri, CancellationToken, Task> ask, CancellationToken patience)
    {
        try
        {
            await ask(address, patience);
        }
        catch (Exception e) when (e is IOException or SocketException or RpcException or OperationCanceledException)
        {
            // Nobody waits for it: the first caller is only a little slower.
            LogUnanswered(address, e.Message);
        }
    }

    private static async Task AskHttpAsync(Uri address, CancellationToken patience)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host.Trim('[', ']'), address.Port, patience);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /readyz HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\n\r\n"), patience);
        // Whatever it says: it has been through all that the next one goes through.
        await stream.CopyToAsync(Stream.Null, patience);
    }

    private async Task AskGrpcAsync(Uri address, CancellationToken patience)
    {
        using var sockets = new SocketsHttpHandler();
        // Believes in this daemon's own certificate alone, whoever signed it and for whatever name.
        if (tls.IsOn) sockets.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => IsOwn(shown);
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = sockets });
        await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: patience);
    }

    private bool IsOwn(X509Certificate? certificate) =>
        certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(services.GetRequiredService<ServerCertificate>().Context.TargetCertificate.RawDataMemory.Span);

    [LoggerMessage(1002, LogLevel.Debug, "The daemon's first request to itself, at {Address}, was not answered: {Reason}")]
    private partial void LogUnanswered(Uri address, string reason);
}
