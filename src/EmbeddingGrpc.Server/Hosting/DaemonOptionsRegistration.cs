using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Binds and validates <see cref="DaemonOptions"/>.</summary>
public static class DaemonOptionsRegistration
{
    /// <summary>Makes <see cref="DaemonOptions"/> available, validated when the daemon starts.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddDaemonOptions(this IServiceCollection services, IConfiguration daemon)
    {
        services.AddSingleton<IValidateOptions<DaemonOptions>, DaemonOptionsValidator>();
        services.AddOptions<DaemonOptions>().Bind(daemon).ValidateOnStart();
        return services.AddSingleton(provider => provider.GetRequiredService<IOptions<DaemonOptions>>().Value);
    }
}
