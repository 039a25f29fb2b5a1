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

        if (options.Training.Objective.IsHierarchical())
        {
            if (options.VectorSource is SimilarVectors.Output or SimilarVectors.Sum)
                yield return new(nameof(ModelOptions.VectorSource), NeedsItemOutputs(options, $"is {options.VectorSource}", $"Use {nameof(SimilarVectors.Input)}"));
            if (options.FoldIn.Enabled)
                yield return new("FoldIn.Enabled", NeedsItemOutputs(options, "is true", "Set it to false: new items are then recalled by the item graph until the next training"));
        }

        if (TrainerRefusal(options.Training) is { } refusal) yield return new(nameof(ModelOptions.Training), refusal);
    }

    private static string NeedsItemOutputs(ModelOptions options, string setting, string instead) =>
        $"{setting} and needs output vectors (W2) of items; with Training.Objective {options.Training.Objective} they belong to tree nodes. {instead}, or train with negative sampling";

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
