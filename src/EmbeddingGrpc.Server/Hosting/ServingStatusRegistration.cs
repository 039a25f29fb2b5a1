namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Registers <see cref="ServingStatus"/>.</summary>
public static class ServingStatusRegistration
{
    /// <summary>Makes <see cref="ServingStatus"/> available.</summary>
    public static IServiceCollection AddServingStatus(this IServiceCollection services) => services.AddSingleton<ServingStatus>();
}
