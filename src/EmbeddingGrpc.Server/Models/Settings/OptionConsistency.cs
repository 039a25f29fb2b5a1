using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>Options that are each within their bounds and contradict one another. Stateless.</summary>
internal static class OptionConsistency
{
    /// <summary>What contradicts what.</summary>
    public static IEnumerable<OptionViolation> Check(ModelOptions options)
    {
        if (options.Index.EfConstruction < options.Index.M)
        {
            yield return new("Index.EfConstruction", $"is {options.Index.EfConstruction}; must be at least Index.M ({options.Index.M}), or nodes cannot have their links");
        }

        if (TrainerRefusal(options.Training) is { } refusal) yield return new(nameof(ModelOptions.Training), refusal);
    }

    private static string? TrainerRefusal(TrainingOptions training)
    {
        try
        {
            training.ThrowIfInvalid();
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
