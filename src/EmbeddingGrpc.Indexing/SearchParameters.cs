namespace EmbeddingGrpc.Indexing;

/// <summary>How one search is done.</summary>
/// <param name="Count">Neighbours wanted, k, at least 1.</param>
/// <param name="Ef">Size of the candidate pool of an HNSW walk; raised to <paramref name="Count"/> where smaller. 0 means the index's default. Exact search ignores it.</param>
/// <param name="Filter">Items that may be answered; null means all.</param>
public readonly record struct SearchParameters(int Count, int Ef = 0, IItemFilter? Filter = null);
