using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Checks <see cref="RedisOptions"/> against their bounds at start.</summary>
[OptionsValidator]
public sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;
