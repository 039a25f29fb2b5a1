using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.IndexCare;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Training;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Collects what the rooms, the servers and the runtime measure: for <c>/metrics</c> always, and for an OpenTelemetry collector, traces
/// included, where the standard environment variable names one.
/// </summary>
public static class Telemetry
{
    /// <summary>The standard setting that names a collector, such as <c>http://otel-collector:4317</c>; the other <c>OTEL_*</c> settings hold too.</summary>
    public const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string ServiceName = "embedding-grpc";

    /// <summary>The meters of the rooms. By name, not as <c>EmbeddingGrpc.*</c>: for a pattern OpenTelemetry makes a regular expression, and every start would wait for it.</summary>
    internal static readonly string[] Meters =
    [
        EventLogMetrics.MeterName, TrainingMetrics.MeterName, IngestMetrics.MeterName, ModelMetrics.MeterName, IndexCareMetrics.MeterName, RecallMetrics.MeterName,
        DiskMetrics.MeterName, MemoryMetrics.MeterName,
    ];

    /// <summary>Adds every meter and activity source named <c>EmbeddingGrpc.*</c>, those of the servers and of the runtime.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="configuration">The daemon's configuration, its root.</param>
    public static IServiceCollection AddDaemonTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var exported = !string.IsNullOrEmpty(configuration[EndpointSetting]);
        var telemetry = services.AddOpenTelemetry();
        // Names given by OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES come after it and win.
        telemetry.ConfigureResource(resource => resource
            .AddService(ServiceName, serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3))
            .AddEnvironmentVariableDetector());
        telemetry.WithMetrics(metrics =>
        {
            metrics
                .AddMeter(Meters)
                .AddMeter("Microsoft.AspNetCore.Server.Kestrel")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation()
                // Twice for every call, and each time as dear as all that recall measures of itself; what waits and what runs is told by the rooms.
                .AddView("http.server.active_requests", MetricStreamConfiguration.Drop)
                .AddView("kestrel.queued_requests", MetricStreamConfiguration.Drop)
                // Once for every call: that a path has an endpoint, which the requests' own duration tells by route.
                .AddView("aspnetcore.routing.match_attempts", MetricStreamConfiguration.Drop)
                // Taken with every block of every call: a hundredth of what a searched call costs. What memory the process has is told by the runtime.
                .AddView("aspnetcore.memory_pool.*", MetricStreamConfiguration.Drop)
                .AddPrometheusExporter();
            if (exported) metrics.AddOtlpExporter();
        });
        // Without a collector nobody would read the spans, and each call would pay for them.
        if (!exported) return services;
        telemetry.WithTracing(tracing => tracing
            .AddSource("EmbeddingGrpc.*")
            .AddAspNetCoreInstrumentation(calls => calls.Filter = IsACall)
            .AddOtlpExporter());
        return services;
    }

    // Probes and scrapes come every few seconds and tell nothing.
    private static bool IsACall(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/grpc.health.v1.Health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/readyz", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal);
}
