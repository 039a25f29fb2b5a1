using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Checks the daemon's settings against their bounds.</summary>
[OptionsValidator]
public sealed partial class DaemonOptionsValidator : IValidateOptions<DaemonOptions>;
