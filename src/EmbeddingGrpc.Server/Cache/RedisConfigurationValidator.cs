using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Checks at start that <see cref="RedisOptions.Configuration"/> can be read; whether a Redis is there is not asked.</summary>
public sealed class RedisConfigurationValidator : IValidateOptions<RedisOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Configuration.Length == 0) return ValidateOptionsResult.Success;
        try
        {
            RedisConfiguration.Parse(options);
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            // The text itself may hold a password and is not repeated.
            return ValidateOptionsResult.Fail($"Redis:Configuration: {e.Message}");
        }
    }
}
