using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Hosting.Tls;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EmbeddingGrpc.Server.Access;

/// <summary>
/// Asks every call, over gRPC and REST alike, for a key in the header <c>authorization: Bearer KEY</c> where keys are configured, and for a connection with a client's
/// certificate where those are. Health is open: probes hold neither.
/// </summary>
internal sealed class AccessInterceptor(AccessKeys keys, TlsOptions tls) : Interceptor
{
    private const string Header = "authorization";
    private const string Scheme = "Bearer ";
    private const string HealthPrefix = "/grpc.health.v1.Health/";

    /// <summary>Whether it asks for anything with these settings.</summary>
    public static bool Asks(DaemonOptions options) => options.AccessKeysFile.Length > 0 || options.Tls.AsksClients;

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        if (context.Method.StartsWith(HealthPrefix, StringComparison.Ordinal)) return;
        // At the gRPC port no connection comes about without one.
        if (tls.AsksClients && context.GetHttpContext().Connection.ClientCertificate is null)
            throw RpcErrors.Unauthenticated("CLIENT_CERTIFICATE_MISSING", "This daemon asks for a client's certificate: connect with one of an authority that it trusts.");
        if (!keys.IsOn) return;
        var header = context.GetHttpContext().Request.Headers.Authorization.ToString();
        if (header.Length == 0)
            throw RpcErrors.Unauthenticated("KEY_MISSING", $"This daemon asks for a key: send the header '{Header}: {Scheme}KEY'.");
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw RpcErrors.Unauthenticated("KEY_MISSING", $"The header '{Header}' must be '{Scheme}KEY'.");
        var holder = keys.Find(header.AsSpan(Scheme.Length).Trim())
            ?? throw RpcErrors.Unauthenticated("KEY_UNKNOWN", "The key is not one that this daemon knows; it may have been withdrawn.");
        var needed = AccessRules.RoleFor(context.Method);
        if ((holder.Roles & needed) != needed)
            throw RpcErrors.PermissionDenied("ROLE_MISSING", $"The key of '{holder.Name}' may {Words(holder.Roles)}; {context.Method} needs the role {Words(needed)}.");
    }

    private static string Words(AccessRole roles) =>
        roles == AccessRole.None ? "only read" : roles.ToString().ToLowerInvariant();
}
