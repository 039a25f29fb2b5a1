using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Registers the cache of hot results.</summary>
public static class CacheRegistration
{
    /// <summary>Adds the in-process level and, where <c>Redis:Configuration</c> names one, Redis behind it.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddRecallCache(this IServiceCollection services, IConfiguration daemon)
    {
        services.AddSingleton<IValidateOptions<RecallCacheOptions>, RecallCacheOptionsValidator>();
        services.AddOptions<RecallCacheOptions>().Bind(daemon.GetSection(RecallCacheOptions.Section)).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<RecallCacheOptions>>().Value);

        // A root section serves installations that give every service the same Redis; the daemon's own section overrides it.
        services.AddSingleton<IValidateOptions<RedisOptions>, RedisOptionsValidator>();
        services.AddSingleton<IValidateOptions<RedisOptions>, RedisConfigurationValidator>();
        services.AddSingleton<IConfigureOptions<RedisOptions>>(provider =>
            new ConfigureOptions<RedisOptions>(provider.GetRequiredService<IConfiguration>().GetSection(RedisOptions.Section).Bind));
        services.AddOptions<RedisOptions>().Bind(daemon.GetSection(RedisOptions.Section)).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<RedisOptions>>().Value);

        services.AddSingleton<RecallCacheKeys>();
        services.AddSingleton<MemoryLevel>();
        services.AddSingleton<CacheWarmer>();
        services.AddSingleton<RedisStore>();
        services.AddSingleton<IRemoteStore>(provider => provider.GetRequiredService<RedisStore>());
        services.AddSingleton<RemoteLevel>();
        services.AddHostedService(provider =>
        {
            // Made with the daemon and not with the first recall, so that an alert sees a Redis that never was there.
            _ = provider.GetRequiredService<RecallCache>();
            return provider.GetRequiredService<RedisStore>();
        });
        return services.AddSingleton(provider => new RecallCache(
            provider.GetRequiredService<MemoryLevel>(),
            provider.GetRequiredService<RedisOptions>().Configuration.Length > 0 ? provider.GetRequiredService<RemoteLevel>() : null,
            provider.GetRequiredService<TimeProvider>()));
    }
}
