using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Client.Calls;

/// <summary>Makes a channel that notices a dead peer, comes back quickly and repeats only what is safe to repeat.</summary>
internal static class ChannelFactory
{
    public static GrpcChannel Create(EmbeddingClientOptions options, ILoggerFactory? loggerFactory)
    {
        var address = ParseAddress(options.Address);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.KeepAliveDelay,
            KeepAlivePingTimeout = options.KeepAliveTimeout,
            // Pings without a call would keep idle connections open through load balancers for nothing.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = true,
        };
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            LoggerFactory = loggerFactory,
            MaxReceiveMessageSize = options.MaximumResponseSizeBytes,
            ServiceConfig = RetryPolicies.CreateServiceConfig(options.MaximumAttempts),
            // gRPC's own defaults (1 s growing to 2 min) would leave a client dark long after the daemon is back.
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
            MaxReconnectBackoff = TimeSpan.FromSeconds(2),
            Credentials = address.Scheme == Uri.UriSchemeHttps ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
        });
    }

    /// <exception cref="ArgumentException">Not an http or https address; says what would be right.</exception>
    private static Uri ParseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? address
            : throw new ArgumentException($"Address '{text}' is not an http:// or https:// address, such as http://127.0.0.1:50051.", nameof(text));
}
