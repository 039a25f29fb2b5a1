using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>One HTTP/2 cleartext port for gRPC, one HTTP/1 port for health and metrics.</summary>
internal static class Ports
{
    // A producer whose machine is gone would hold its stream, and its name, for as long as TCP believes in it.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    // A client library puts all calls of a process on one connection.
    private const int StreamsPerConnection = 1000;

    /// <summary>Lets Kestrel listen on both ports.</summary>
    public static IWebHostBuilder UsePorts(this IWebHostBuilder host) => host.UseKestrelCore().ConfigureKestrel(kestrel =>
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
        addresses.Bind(grpc!, http!);
    });
}
