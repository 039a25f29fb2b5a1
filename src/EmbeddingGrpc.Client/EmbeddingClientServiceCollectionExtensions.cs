using EmbeddingGrpc.Protocol.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Client;

/// <summary>Registers the client with dependency injection.</summary>
public static class EmbeddingClientServiceCollectionExtensions
{
    /// <summary>Adds one <see cref="EmbeddingClient"/> for the whole process, and its stubs for those who would rather have them.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">Where the daemon is.</param>
    public static IServiceCollection AddEmbeddingClient(this IServiceCollection services, EmbeddingClientOptions options) =>
        services.AddEmbeddingClient(_ => options);

    /// <inheritdoc cref="AddEmbeddingClient(IServiceCollection, EmbeddingClientOptions)"/>
    /// <param name="services">The services.</param>
    /// <param name="options">Makes the options when the client is first needed, for example from configuration.</param>
    public static IServiceCollection AddEmbeddingClient(this IServiceCollection services, Func<IServiceProvider, EmbeddingClientOptions> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddSingleton(provider =>
            new EmbeddingClient(options(provider), provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>()));
        services.TryAddSingleton<EventService.EventServiceClient>(provider => provider.GetRequiredService<EmbeddingClient>().Events);
        services.TryAddSingleton<RecallService.RecallServiceClient>(provider => provider.GetRequiredService<EmbeddingClient>().Recommendations);
        services.TryAddSingleton<ModelService.ModelServiceClient>(provider => provider.GetRequiredService<EmbeddingClient>().Models);
        services.TryAddSingleton<CatalogService.CatalogServiceClient>(provider => provider.GetRequiredService<EmbeddingClient>().Catalog);
        return services;
    }
}
