using Grpc.AspNetCore.Server.Model;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Registers and maps <c>embeddinggrpc.v1.RecallService</c>.</summary>
internal static class RecallEndpoints
{
    /// <summary>Adds what the service needs.</summary>
    public static IServiceCollection AddRecallService(this IServiceCollection services)
    {
        services.AddSingleton<RecallCall>();
        services.AddSingleton<RecallEmbeddings>();
        services.AddSingleton<RecallGrpcService>();
        services.AddSingleton<RecallReplyService>();
        return services.AddSingleton<IServiceMethodProvider<RecallReplyService>, RecallReplyMethod>();
    }

    /// <summary>Maps it.</summary>
    public static void MapRecallService(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<RecallGrpcService>();

        // Two endpoints of one path: the lower order is taken.
        endpoints.MapGrpcService<RecallReplyService>().Add(static endpoint => ((RouteEndpointBuilder)endpoint).Order = -1);
    }
}
