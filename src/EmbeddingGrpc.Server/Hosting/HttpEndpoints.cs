using Microsoft.AspNetCore.Http.HttpResults;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>What the HTTP/1 port answers beside the REST calls: <c>/healthz</c>, <c>/readyz?service=</c>, <c>/metrics</c>.</summary>
public static class HttpEndpoints
{
    private const string ServicePrefix = "embeddinggrpc.v1.";

    /// <summary>Maps them.</summary>
    public static void MapHttpEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(RefuseOnOtherPorts);
        var http = app.MapGroup(string.Empty).WithMetadata(HttpPortOnly.Instance).ExcludeFromDescription();
        http.MapGet("/healthz", () => Results.Text("ok\n"));
        http.MapGet("/readyz", Ready);
        app.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(HttpPortOnly.Instance);
    }

    private static JsonHttpResult<Readiness> Ready(ServingStatus status, string? service)
    {
        var name = service ?? ServingStatus.Overall;
        // "RecallService" is enough.
        if (name.Length > 0 && !name.Contains('.', StringComparison.Ordinal)) name = ServicePrefix + name;
        var known = status.TryGet(name, out var serving, out var reason);
        var code = !known ? StatusCodes.Status404NotFound : serving ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return TypedResults.Json(new Readiness(name, serving, reason), statusCode: code);
    }

    // The port that the connection came in on, not the one in the Host header: that is the caller's to choose.
    private static Task RefuseOnOtherPorts(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<HttpPortOnly>() is null) return next(context);
        var addresses = context.RequestServices.GetRequiredService<DaemonAddresses>();
        if (context.Connection.LocalPort == addresses.HttpPort) return next(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private sealed record Readiness(string Service, bool Serving, string Reason);

    private sealed class HttpPortOnly
    {
        public static readonly HttpPortOnly Instance = new();
    }
}
