using EmbeddingGrpc.Server.Recall.Admission;
using EmbeddingGrpc.Server.Recall.Users;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Registers what answers recalls.</summary>
public static class RecallRegistration
{
    /// <summary>Adds what recall needs.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddRecall(this IServiceCollection services, IConfiguration daemon)
    {
        services.AddSingleton<IValidateOptions<RecallOptions>, RecallOptionsValidator>();
        services.AddOptions<RecallOptions>().Bind(daemon.GetSection(RecallOptions.Section)).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<RecallOptions>>().Value);
        services.AddSingleton<IValidateOptions<AdmissionOptions>, AdmissionOptionsValidator>();
        services.AddOptions<AdmissionOptions>().Bind(daemon.GetSection(AdmissionOptions.Section)).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<AdmissionOptions>>().Value);
        services.AddSingleton<SearchGate>();
        services.AddSingleton<RecallEngine>();
        services.AddSingleton<SimilarUserSearch>();
        services.AddSingleton<RecallMetrics>();
        services.AddSingleton<RecallIds>();
        return services.AddSingleton<CachedRecall>();
    }
}
