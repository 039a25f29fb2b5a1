using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Checks <see cref="RecallOptions"/> against their bounds at start.</summary>
[OptionsValidator]
public sealed partial class RecallOptionsValidator : IValidateOptions<RecallOptions>;
