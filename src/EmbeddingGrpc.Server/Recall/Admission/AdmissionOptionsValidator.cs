using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Recall.Admission;

/// <summary>Checks <see cref="AdmissionOptions"/> against their bounds at start.</summary>
[OptionsValidator]
public sealed partial class AdmissionOptionsValidator : IValidateOptions<AdmissionOptions>;
