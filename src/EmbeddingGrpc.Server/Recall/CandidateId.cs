using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>An item as one recall knows it: by its ordinal where the leased generation has it, else by its key, complemented.</summary>
public readonly record struct CandidateId(int Value)
{
    /// <summary>Whether the generation has it.</summary>
    public bool IsInGeneration => Value >= 0;

    /// <summary>Its ordinal, where the generation has it.</summary>
    public ItemOrdinal Ordinal => new(Value);

    /// <summary>Its key, where the generation does not have it.</summary>
    public ItemKey Key => new(~Value);

    /// <summary>An item of the generation.</summary>
    public static CandidateId Of(ItemOrdinal item) => new(item.Value);

    /// <summary>An item that the generation does not have.</summary>
    public static CandidateId Of(ItemKey item) => new(~item.Value);
}
