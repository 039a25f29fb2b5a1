namespace EmbeddingGrpc.Server.Models;

/// <summary>Registers the models: registry, generations, training.</summary>
public static class ModelsRegistration
{
    /// <summary>Adds what the models need.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddModels(this IServiceCollection services, IConfiguration daemon) =>
        services.AddSingleton<ModelRegistry>();
}
