using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Indexing;

/// <summary>How an <see cref="LshIndex"/> is built.</summary>
public sealed record LshOptions
{
    /// <summary>Hash tables: more find more and take more memory, four bytes a row each.</summary>
    [Range(1, 256)]
    public int Tables { get; init; } = 16;

    /// <summary>Bits of a hash, one random projection each: more make buckets smaller. About the logarithm of the rows to base two serves best.</summary>
    [Range(1, 24)]
    public int Bits { get; init; } = 14;

    /// <summary>Rows that a search which does not say scores exactly.</summary>
    [Range(1, 1 << 20)]
    public int Candidates { get; init; } = 4096;

    /// <summary>Seed of the projections.</summary>
    public ulong Seed { get; init; } = 42;
}
