using EmbeddingGrpc.Server.Access;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Rest;
using Grpc.AspNetCore.Server;

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
        services.AddSingleton<ExceptionInterceptor>();
        services.AddRest(services.AddGrpc(grpc =>
        {
            // Told to MalformedMessage, which tells the rest to nobody.
            grpc.EnableDetailedErrors = true;
        }));
        services.AddOptions<GrpcServiceOptions>().Configure<DaemonOptions>((grpc, daemon) =>
        {
            grpc.MaxReceiveMessageSize = daemon.MaximumMessageBytes;
            // Around the other, and only where it has something to ask for: each one costs every call.
            if (AccessInterceptor.Asks(daemon)) grpc.Interceptors.Add<AccessInterceptor>();
            grpc.Interceptors.Add<ExceptionInterceptor>();
        });
        return services.AddGrpcReflection();
    }

    /// <summary>Maps them.</summary>
    public static void MapGrpcServices(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<MessageSize>().ExplainInHeadersAsync);
        app.Use(MalformedMessage.ExplainInHeadersAsync);
        app.MapGrpcService<EventGrpcService>();
        app.MapGrpcService<ModelGrpcService>();
        app.MapGrpcService<CatalogGrpcService>();
        app.MapRecallService();
        app.MapGrpcService<HealthGrpcService>();
        app.MapGrpcReflectionService();
    }
}
