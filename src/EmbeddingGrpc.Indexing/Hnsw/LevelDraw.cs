namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Draws the highest layer of an item: a function of seed and item alone, so that threads cannot change it. Immutable.</summary>
internal sealed class LevelDraw(ulong seed, int m)
{
    /// <summary>Highest layer there can be; a draw reaches it once in 2^15 items with M = 2, less often with more.</summary>
    public const int MaxLevel = 15;

    private readonly double _scale = 1 / Math.Log(m);

    /// <summary>Highest layer of an item, <c>⌊-ln(U(0,1]) / ln(M)⌋</c>.</summary>
    public int LevelOf(int item)
    {
        // SplitMix64 (Steele et al. 2014).
        var z = seed + (((ulong)(uint)item + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        var uniform = ((z >> 11) + 1) * (1.0 / (1UL << 53));
        return Math.Min(MaxLevel, (int)(-Math.Log(uniform) * _scale));
    }
}
