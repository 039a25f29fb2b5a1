namespace EmbeddingGrpc.Indexing;

/// <summary>What <see cref="HnswIndex.Probe"/> found.</summary>
/// <param name="Probed">Live items that were searched for.</param>
/// <param name="Missed">How many of them were not found.</param>
public readonly record struct ProbeResult(int Probed, int Missed);
