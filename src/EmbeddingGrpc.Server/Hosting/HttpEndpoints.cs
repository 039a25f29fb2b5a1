using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// What the HTTP/1 port answers beside the REST calls: <c>/healthz</c>, <c>/readyz?service=</c>, <c>/metrics</c>. Written as plain as they are so that nothing is compiled for
/// them when they are first asked, which whoever waits for a start does.
/// </summary>
public static partial class HttpEndpoints
{
    private const string ServicePrefix = "embeddinggrpc.v1.";

    /// <summary>Maps them.</summary>
    public static void MapHttpEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(RefuseOnOtherPorts);
        var http = app.MapGroup(string.Empty).WithMetadata(HttpPortOnly.Instance).ExcludeFromDescription();
        http.MapGet("/healthz", HealthyAsync);
        http.MapGet("/readyz", ReadyAsync);
        app.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(HttpPortOnly.Instance);
    }

    private static Task HealthyAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("ok\n");
    }

    private static Task ReadyAsync(HttpContext context)
    {
        var name = context.Request.Query["service"].FirstOrDefault() ?? ServingStatus.Overall;
        // "RecallService" is enough.
        if (name.Length > 0 && !name.Contains('.', StringComparison.Ordinal)) name = ServicePrefix + name;
        var known = context.RequestServices.GetRequiredService<ServingStatus>().TryGet(name, out var serving, out var reason);
        context.Response.StatusCode = !known ? StatusCodes.Status404NotFound : serving ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsJsonAsync(new Readiness(name, serving, reason), ReadinessJson.Default.Readiness);
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

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Readiness))]
    private sealed partial class ReadinessJson : JsonSerializerContext;

    private sealed class HttpPortOnly
    {
        public static readonly HttpPortOnly Instance = new();
    }
}
