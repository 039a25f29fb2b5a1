using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Client.Calls;

/// <summary>Makes a channel that notices a dead peer, comes back quickly and repeats only what is safe to repeat.</summary>
internal static class ChannelFactory
{
    private const string Dns = "dns";

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
        if (ClientCertificate.Of(options) is { } certificate) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate.Read();
        var named = address.Scheme == Dns;
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            LoggerFactory = loggerFactory,
            MaxReceiveMessageSize = options.MaximumResponseSizeBytes,
            ServiceConfig = Balanced(RetryPolicies.CreateServiceConfig(options.MaximumAttempts), named),
            ServiceProvider = named ? new ServiceCollection().AddSingleton<ResolverFactory>(new DnsResolverFactory(options.ResolveInterval)).BuildServiceProvider() : null,
            // gRPC's own defaults (1 s growing to 2 min) would leave a client dark long after the daemon is back.
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
            MaxReconnectBackoff = TimeSpan.FromSeconds(2),
            Credentials = address.Scheme == Uri.UriSchemeHttps || (named && options.UseTls) ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
        });
    }

    /// <summary>What calls go through: the channel, and the access key if there is one.</summary>
    public static CallInvoker CreateInvoker(GrpcChannel channel, EmbeddingClientOptions options)
    {
        var invoker = channel.CreateCallInvoker();
        if (options.AccessKey.Length == 0) return invoker;
        var authorization = $"Bearer {options.AccessKey}";
        return invoker.Intercept(headers =>
        {
            // The caller's headers are the caller's: they may be used for another call.
            var all = new Metadata { { "authorization", authorization } };
            foreach (var header in headers) all.Add(header);
            return all;
        });
    }

    // A connection for good to whichever daemon answered first would leave the others idle.
    private static ServiceConfig Balanced(ServiceConfig config, bool named)
    {
        if (named) config.LoadBalancingConfigs.Add(new RoundRobinConfig());
        return config;
    }

    /// <exception cref="ArgumentException">Not an http, https or dns address; says what would be right.</exception>
    private static Uri ParseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https" or Dns)
            ? address
            : throw new ArgumentException($"Address '{text}' is not an http://, https:// or dns:/// address, such as http://127.0.0.1:50051.", nameof(text));
}
