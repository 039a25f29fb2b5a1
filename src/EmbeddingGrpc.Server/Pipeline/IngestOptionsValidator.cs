using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Checks the settings of ingestion against their bounds.</summary>
[OptionsValidator]
public sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
