namespace EmbeddingGrpc.Server.Recall;

/// <summary>Registers what answers recalls.</summary>
public static class RecallRegistration
{
    /// <summary>Adds what recall needs.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddRecall(this IServiceCollection services, IConfiguration daemon) => services;
}
