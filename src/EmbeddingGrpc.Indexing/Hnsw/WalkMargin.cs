namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Ends a walk before its whole pool is expanded: once the nearest candidate left is farther from the query than so many times the distance of the last one wanted
/// (Al-Jazzazi et al. 2025, "Distance Adaptive Beam Search for Provably Accurate Graph-Based Nearest Neighbor Search"). A query whose neighbours stand out ends soon,
/// one among many alike goes on as far as the pool reaches.
/// </summary>
/// <param name="Rank">Which candidate is the last one wanted, counted from 1 among those that may be answered; 0 means that a walk is not ended.</param>
/// <param name="Growth">By what share of the last one's squared distance another's may be larger.</param>
internal readonly record struct WalkMargin(int Rank, float Growth)
{
    /// <summary>A margin by distances.</summary>
    /// <param name="rank">As above.</param>
    /// <param name="margin">By what share of the last one's distance another's may be larger; 0 means that a walk is not ended.</param>
    public static WalkMargin Of(int rank, float margin) => margin > 0 ? new(rank, (margin * margin) + (2 * margin)) : default;
}
