using EmbeddingGrpc.Server.Models;
using Grpc.AspNetCore.Server.Model;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Registers and maps <c>embeddinggrpc.v1.RecallService</c>.</summary>
internal static class RecallEndpoints
{
    /// <summary>Adds what the service needs.</summary>
    public static IServiceCollection AddRecallService(this IServiceCollection services)
    {
        services.AddSingleton<RecallCall>();
        services.AddSingleton<IFirstRecalls, FirstRecalls>();
        services.AddSingleton<RecallBatch>();
        services.AddSingleton<RecallStreaming>();
        services.AddSingleton<RecallEmbeddings>();
        services.AddSingleton<RecallSimilarUsers>();
        services.AddSingleton<RecallGrpcService>();
        return services.AddSingleton<IServiceMethodProvider<RecallGrpcService>, RecallReplyMethods>();
    }

    /// <summary>Maps it.</summary>
    public static void MapRecallService(this IEndpointRouteBuilder endpoints)
    {
        // Two endpoints of one path: the lower order is taken.
        endpoints.MapGrpcService<RecallGrpcService>().Add(static endpoint =>
        {
            if (RecallReplyMethods.IsOf(endpoint)) ((RouteEndpointBuilder)endpoint).Order = -1;
        });
    }
}
