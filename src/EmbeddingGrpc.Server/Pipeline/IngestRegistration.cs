using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Registers what takes events in.</summary>
public static class IngestRegistration
{
    /// <summary>Adds validation, producers, metrics and their settings.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddIngest(this IServiceCollection services, IConfiguration daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>();
        services.AddOptions<IngestOptions>()
            .Bind(daemon.GetSection(IngestOptions.Section), binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<IngestOptions>>().Value);
        services.AddSingleton<InteractionValidator>();
        services.AddSingleton<ProducerSessions>();
        return services.AddSingleton<IngestMetrics>();
    }
}
