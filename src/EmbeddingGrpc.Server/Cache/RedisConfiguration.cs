using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Reads a StackExchange.Redis configuration and settles what a cache wants of it.</summary>
internal static class RedisConfiguration
{
    /// <summary>Reads it.</summary>
    /// <exception cref="ArgumentException">It cannot be read; says why.</exception>
    public static ConfigurationOptions Parse(RedisOptions options)
    {
        var configuration = ConfigurationOptions.Parse(options.Configuration);
        if (configuration.EndPoints.Count == 0) throw new ArgumentException("names no endpoint, such as 'redis:6379' or '!/run/redis.sock'");

        // An absent Redis must delay nothing: not the start, and not a call, which would rather search than wait in a backlog.
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new ExponentialRetry(deltaBackOffMilliseconds: 250, maxDeltaBackOffMilliseconds: 5000);
        configuration.ClientName ??= "embeddinggrpc";
        // It is the budget that decides how long a lookup may take: the library gives up after five seconds by itself, whatever the budget is.
        configuration.AsyncTimeout = Math.Max(configuration.AsyncTimeout, 2 * (int)options.LookupBudget.TotalMilliseconds);
        if (options.CaCertificatePath.Length > 0) Trust(configuration, options.CaCertificatePath);
        return configuration;
    }

    private static void Trust(ConfigurationOptions configuration, string path)
    {
        if (!configuration.Ssl) throw new ArgumentException("does not say ssl=true; CaCertificatePath is for a connection over TLS");
        try
        {
            // Read now, so that a file that is not there is told at the start.
            using var authority = X509CertificateLoader.LoadCertificateFromFile(path);
            configuration.TrustIssuer(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"CaCertificatePath '{path}' cannot be read: {e.Message}", e);
        }
    }
}
