using EmbeddingGrpc.Server.Access;
using EmbeddingGrpc.Server.Hosting.Tls;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Registers what the daemon itself is made of: settings, data directory, addresses, health, shutdown.</summary>
internal static class DaemonRegistration
{
    /// <summary>Adds it all. Hosted services start in this order and stop in the reverse one.</summary>
    /// <param name="services">The daemon's services.</param>
    /// <param name="daemon">Configuration section <c>EmbeddingGrpc</c>.</param>
    public static IServiceCollection AddDaemon(this IServiceCollection services, IConfiguration daemon)
    {
        services.AddSingleton<IValidateOptions<DaemonOptions>, DaemonOptionsValidator>();
        services.AddOptions<DaemonOptions>().Bind(daemon).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<DaemonOptions>>().Value);
        services.AddOptions<HostOptions>().Configure<DaemonOptions>((host, options) => host.ShutdownTimeout = options.ShutdownTimeout);
        services.AddSingleton(provider => provider.GetRequiredService<DaemonOptions>().Tls);
        services.AddSingleton<ServerCertificate>();
        services.AddSingleton<ClientAuthorities>();
        services.AddSingleton<AccessKeys>();
        services.AddSingleton<AccessInterceptor>();
        services.AddSingleton<DaemonAddresses>();
        services.AddSingleton<ServingStatus>();
        AddHosted<DataDirectory>(services);
        AddHosted<Drain>(services);
        AddHosted<DiskMetrics>(services);
        AddHosted<MemoryMetrics>(services);
        AddHosted<FirstRequests>(services);
        return services;
    }

    /// <summary>Adds the calls, and word of where they are taken. Behind everything that they need: told last, when all of it has started.</summary>
    public static void AddCalls(this IServiceCollection services)
    {
        AddHosted<CallMapping>(services);
        AddHosted<DaemonFile>(services);
    }

    private static void AddHosted<TService>(IServiceCollection services)
        where TService : class, IHostedService =>
        services.AddSingleton<TService>().AddHostedService(provider => provider.GetRequiredService<TService>());
}
