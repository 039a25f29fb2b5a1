using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Models.IndexCare;
using EmbeddingGrpc.Server.Models.Retraining;
using EmbeddingGrpc.Server.Models.Settings;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Registers the models: registry, generations, training.</summary>
public static class ModelsRegistration
{
    /// <summary>Adds what the models need.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddModels(this IServiceCollection services, IConfiguration daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        services.AddSingleton<IValidateOptions<ModelOptions>, ModelOptionsValidator>();
        services.AddSingleton<IValidateOptions<ModelOptions>, ModelOptionsConsistency>();
        services.AddOptions<ModelOptions>()
            .Configure(options => PresetValues.Bind(daemon.GetSection("Model"), options))
            .Bind(daemon.GetSection("Model"), binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<ModelOptions>>().Value);
        services.AddSingleton<ModelRegistry>();
        services.AddSingleton<ModelMetrics>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ModelOpener>(provider, DataDirectoryOf(provider)));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ModelAdministrator>(provider, DataDirectoryOf(provider)));
        services.AddHostedService<ModelHost>();
        services.AddHostedService<RetrainSchedule>();
        services.AddSingleton<IndexCareMetrics>();
        services.AddHostedService<IndexCareSchedule>();
        return services.AddHostedService<LogRetention>();
    }

    private static string DataDirectoryOf(IServiceProvider provider) => provider.GetRequiredService<DaemonOptions>().DataDirectory;
}
