using StackExchange.Redis;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Reads a StackExchange.Redis configuration and settles what a cache wants of it.</summary>
internal static class RedisConfiguration
{
    /// <summary>Reads it.</summary>
    /// <exception cref="ArgumentException">It cannot be read; says why.</exception>
    public static ConfigurationOptions Parse(string text)
    {
        var configuration = ConfigurationOptions.Parse(text);
        if (configuration.EndPoints.Count == 0) throw new ArgumentException("names no endpoint, such as 'redis:6379' or '!/run/redis.sock'");

        // An absent Redis must delay nothing: not the start, and not a call, which would rather search than wait in a backlog.
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new ExponentialRetry(deltaBackOffMilliseconds: 250, maxDeltaBackOffMilliseconds: 5000);
        configuration.ClientName ??= "embeddinggrpc";
        return configuration;
    }
}
