using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Checks a model's options against their bounds.</summary>
[OptionsValidator]
public sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
