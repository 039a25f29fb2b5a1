namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>How good a recommender is.</summary>
/// <param name="Name">The recommender.</param>
/// <param name="All">On all queries.</param>
/// <param name="NewItems">On right answers that had few interactions before the cut, or none.</param>
/// <param name="LightUsers">On queries with a short history.</param>
/// <param name="Coverage">Share of the items before the cut that were recommended to anyone.</param>
/// <param name="Novelty">Mean of -log2 of a recommended item's share of the interactions before the cut: bits of surprise.</param>
/// <param name="ColdShare">Share of the recommendations that the recommender was not trained on.</param>
public sealed record RecommenderReport(
    string Name, SliceReport All, SliceReport NewItems, SliceReport LightUsers, double Coverage, double Novelty, double ColdShare)
{
    /// <summary>Recall of each query, in their order: for comparisons of two on the same queries.</summary>
    internal double[] RecallOfQueries { get; init; } = [];
}
