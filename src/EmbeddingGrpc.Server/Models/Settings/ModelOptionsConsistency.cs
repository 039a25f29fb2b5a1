using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>Refuses a configuration whose options contradict one another.</summary>
internal sealed class ModelOptionsConsistency : IValidateOptions<ModelOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelOptions options)
    {
        var violations = OptionConsistency.Check(options).Select(violation => $"{violation.Name}: {violation.Description}").ToList();
        return violations.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(violations);
    }
}
