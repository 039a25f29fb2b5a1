namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>How good a recommender is on some of the queries. Means over the queries.</summary>
/// <param name="Queries">How many there are.</param>
/// <param name="Recall">See <see cref="RankingScores.Recall"/>.</param>
/// <param name="HitRate">Share of lists with a right answer.</param>
/// <param name="Ndcg">See <see cref="RankingScores.Ndcg"/>.</param>
/// <param name="Mrr">Mean reciprocal rank of the first right answer.</param>
public sealed record SliceReport(int Queries, Estimate Recall, Estimate HitRate, Estimate Ndcg, Estimate Mrr);
