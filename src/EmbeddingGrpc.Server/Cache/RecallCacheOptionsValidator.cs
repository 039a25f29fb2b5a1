using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Checks <see cref="RecallCacheOptions"/> against their bounds at start.</summary>
[OptionsValidator]
public sealed partial class RecallCacheOptionsValidator : IValidateOptions<RecallCacheOptions>;
