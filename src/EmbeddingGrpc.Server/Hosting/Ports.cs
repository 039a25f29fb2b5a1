using System.Net;
using System.Net.Security;
using EmbeddingGrpc.Server.Hosting.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>One HTTP/2 port for gRPC, one HTTP/1 port for health and metrics; both cleartext, or both TLS.</summary>
internal static class Ports
{
    // A producer whose machine is gone would hold its stream, and its name, for as long as TCP believes in it.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    // A client library puts all calls of a process on one connection.
    private const int StreamsPerConnection = 1000;

    /// <summary>Lets Kestrel listen on both ports.</summary>
    public static IWebHostBuilder UsePorts(this IWebHostBuilder host) => host.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
    {
        var options = kestrel.ApplicationServices.GetRequiredService<DaemonOptions>();
        var addresses = kestrel.ApplicationServices.GetRequiredService<DaemonAddresses>();
        kestrel.AddServerHeader = false;
        // gRPC bounds messages itself, with an error that says so.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        kestrel.Limits.Http2.KeepAlivePingDelay = PingDelay;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingTimeout;

        var listen = IPAddress.Parse(options.Listen);
        ListenOptions? grpc = null, http = null;
        kestrel.Listen(listen, options.GrpcPort, end => (grpc = end).Protocols = HttpProtocols.Http2);
        kestrel.Listen(listen, options.HttpPort, end => (http = end).Protocols = HttpProtocols.Http1);
        if (options.Tls.IsOn)
        {
            var certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
            var authorities = options.Tls.AsksClients ? kestrel.ApplicationServices.GetRequiredService<ClientAuthorities>() : null;
            UseTls(grpc!, certificate, SslApplicationProtocol.Http2, authorities, required: true);
            // Whoever probes and scrapes holds no certificate; the calls of this port are refused without one by themselves.
            UseTls(http!, certificate, SslApplicationProtocol.Http11, authorities, required: false);
        }

        addresses.Bind(grpc!, http!, options.Tls.IsOn);
    });

    private static void UseTls(ListenOptions end, ServerCertificate certificate, SslApplicationProtocol protocol, ClientAuthorities? authorities, bool required) =>
        end.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ =>
            {
                var handshake = new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Context, ApplicationProtocols = [protocol] };
                authorities?.Ask(handshake, required);
                return ValueTask.FromResult(handshake);
            },
        });
}
