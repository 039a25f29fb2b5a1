using EmbeddingGrpc.Server.Access;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Rest;
using Grpc.AspNetCore.Server;
using Grpc.Reflection;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Registers and maps the gRPC services, health and reflection.</summary>
internal static class GrpcRegistration
{
    /// <summary>Adds what the services need.</summary>
    public static IServiceCollection AddGrpcServices(this IServiceCollection services)
    {
        services.AddSingleton<EventIngest>();
        services.AddRecallService();
        services.AddSingleton<MessageSize>();
        services.AddSingleton<UnreadRequests>();
        services.AddSingleton<CallErrors>();
        services.AddSingleton<ExceptionInterceptor>();
        services.AddRest(services.AddGrpc(grpc =>
        {
            // Told to MalformedMessage, which tells the rest to nobody.
            grpc.EnableDetailedErrors = true;
        })
            .AddServiceOptions<EventGrpcService>(ExplainFailures)
            .AddServiceOptions<ModelGrpcService>(ExplainFailures)
            .AddServiceOptions<CatalogGrpcService>(ExplainFailures)
            .AddServiceOptions<HealthGrpcService>(ExplainFailures)
            .AddServiceOptions<ReflectionServiceImpl>(ExplainFailures)
            .AddServiceOptions<ReflectionV1ServiceImpl>(ExplainFailures));
        services.AddOptions<GrpcServiceOptions>().Configure<DaemonOptions>((grpc, daemon) =>
        {
            grpc.MaxReceiveMessageSize = daemon.MaximumMessageBytes;
            // Only where it has something to ask for: each one costs every call.
            if (AccessInterceptor.Asks(daemon)) grpc.Interceptors.Add<AccessInterceptor>();
        });
        return services.AddGrpcReflection();
    }

    // Not recalls: they explain their own.
    private static void ExplainFailures(GrpcServiceOptions service) => service.Interceptors.Add<ExceptionInterceptor>();

    /// <summary>Maps them.</summary>
    public static void MapGrpcServices(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<UnreadRequests>().ExplainAsync);
        app.MapGrpcService<EventGrpcService>();
        app.MapGrpcService<ModelGrpcService>();
        app.MapGrpcService<CatalogGrpcService>();
        app.MapRecallService();
        app.MapGrpcService<HealthGrpcService>();
        app.MapGrpcReflectionService();
    }
}
