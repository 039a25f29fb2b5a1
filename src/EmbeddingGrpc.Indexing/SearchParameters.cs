namespace EmbeddingGrpc.Indexing;

/// <summary>How one search is done.</summary>
/// <param name="Count">Neighbours wanted, k, at least 1.</param>
/// <param name="Ef">
/// Size of the candidate pool of an HNSW walk; raised to <paramref name="Count"/> where smaller. 0 means the index's default. An index that was calibrated ends the walk where
/// that finds as much as expanding the whole pool. Exact search ignores it.
/// </param>
/// <param name="Filter">Items that may be answered; null means all.</param>
/// <param name="TargetRecall">
/// Share of the true neighbours wanted, instead of a pool's size, from which <paramref name="Ef"/> is looked up in what
/// <see cref="HnswIndex.Calibrate"/> measured: 0.8..0.999, or 1 for an exact search. 0 means <paramref name="Ef"/> counts. An index that was
/// not calibrated takes its default pool.
/// </param>
public readonly record struct SearchParameters(int Count, int Ef = 0, IItemFilter? Filter = null, double TargetRecall = 0);
