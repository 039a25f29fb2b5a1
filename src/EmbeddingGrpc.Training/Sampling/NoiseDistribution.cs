namespace EmbeddingGrpc.Training;

/// <summary>What negative samples are drawn by.</summary>
public enum NoiseDistribution
{
    /// <summary>The item's count to a power.</summary>
    PowerOfCount,

    /// <summary>
    /// <c>log((rank + 2) / (rank + 1))</c> of the item's place by falling count, zero-based: nearly Zipf's law whatever the counts are.
    /// </summary>
    LogUniform,
}
