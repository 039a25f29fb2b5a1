using OpenTelemetry.Metrics;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Collects what the rooms, the servers and the runtime measure, for <c>/metrics</c>.</summary>
public static class Telemetry
{
    /// <summary>Adds every meter named <c>EmbeddingGrpc.*</c>, those of the servers and of the runtime.</summary>
    public static IServiceCollection AddDaemonTelemetry(this IServiceCollection services)
    {
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("EmbeddingGrpc.*")
            .AddMeter("Microsoft.AspNetCore.Server.Kestrel")
            .AddAspNetCoreInstrumentation()
            .AddRuntimeInstrumentation()
            .AddPrometheusExporter());
        return services;
    }
}
