namespace EmbeddingGrpc.Training;

/// <summary>What follows from the choice of an objective. Stateless.</summary>
public static class TrainingObjectives
{
    /// <summary>Whether rows of W2 are nodes of a tree instead of items: then there is no W2, no sum and no W1 to W2 of items.</summary>
    public static bool IsHierarchical(this TrainingObjective objective) =>
        objective is TrainingObjective.SkipGramHierarchicalSoftmax or TrainingObjective.CbowHierarchicalSoftmax;
}
