using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Where the daemon listens. Known once it has started, also where a port was left to the system (0).</summary>
public sealed class DaemonAddresses
{
    private ListenOptions? _grpc;
    private ListenOptions? _http;
    private bool _tls;

    /// <summary>Base address of the gRPC services (HTTP/2).</summary>
    /// <exception cref="InvalidOperationException">The daemon has not started.</exception>
    public Uri Grpc => AddressOf(_grpc);

    /// <summary>Base address of health and metrics (HTTP/1).</summary>
    /// <exception cref="InvalidOperationException">The daemon has not started.</exception>
    public Uri Http => AddressOf(_http);

    /// <summary>Port of <see cref="Grpc"/>.</summary>
    public int GrpcPort => Grpc.Port;

    /// <summary>Port of <see cref="Http"/>.</summary>
    public int HttpPort => Http.Port;

    /// <summary>Whether the daemon listens, so that both are known.</summary>
    internal bool IsBound => PortOf(_grpc) > 0 && PortOf(_http) > 0;

    internal void Bind(ListenOptions grpc, ListenOptions http, bool tls) => (_grpc, _http, _tls) = (grpc, http, tls);

    private static int PortOf(ListenOptions? options) => options?.IPEndPoint?.Port ?? 0;

    // Kestrel replaces the end point of a ListenOptions by the bound one.
    private Uri AddressOf(ListenOptions? options)
    {
        var end = options?.IPEndPoint;
        if (end is null || end.Port == 0) throw new InvalidOperationException("The daemon has not started: its ports are not bound yet.");
        // "Any" is where it listens, not where it can be called.
        var host = end.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : end.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : end.Address;
        return new UriBuilder(_tls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, host.ToString(), end.Port).Uri;
    }
}
