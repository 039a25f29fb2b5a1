using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Says which items a search may answer. Called from the searching thread, once for an item at most a few times.</summary>
public interface IItemFilter
{
    /// <summary>Whether the item may be answered.</summary>
    bool Accepts(ItemOrdinal item);
}
