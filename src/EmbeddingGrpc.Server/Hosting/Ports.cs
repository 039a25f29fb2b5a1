using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>One HTTP/2 cleartext port for gRPC, one HTTP/1 port for health and metrics.</summary>
public static class Ports
{
    /// <summary>Makes <see cref="DaemonAddresses"/> available.</summary>
    public static IServiceCollection AddPorts(this IServiceCollection services) => services.AddSingleton<DaemonAddresses>();

    /// <summary>Lets Kestrel listen on both ports.</summary>
    public static IWebHostBuilder UsePorts(this IWebHostBuilder host) => host.UseKestrelCore().ConfigureKestrel(kestrel =>
    {
        var options = kestrel.ApplicationServices.GetRequiredService<DaemonOptions>();
        var addresses = kestrel.ApplicationServices.GetRequiredService<DaemonAddresses>();
        var listen = IPAddress.Parse(options.Listen);
        ListenOptions? grpc = null, http = null;
        kestrel.Listen(listen, options.GrpcPort, end => (grpc = end).Protocols = HttpProtocols.Http2);
        kestrel.Listen(listen, options.HttpPort, end => (http = end).Protocols = HttpProtocols.Http1);
        addresses.Bind(grpc!, http!);
    });
}
