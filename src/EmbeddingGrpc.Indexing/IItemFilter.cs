using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>Says which items a search may answer. Called from the searching thread, once for an item at most a few times.</summary>
public interface IItemFilter
{
    /// <summary>
    /// All items that it may accept, and perhaps others, each once and in ascending order, where it knows them without being asked about every item: a search that looks at what is accepted
    /// looks at these alone. Null where it does not. Items that the index does not have are passed over.
    /// </summary>
    ItemOrdinal[]? Listed => null;

    /// <summary>Whether the item may be answered.</summary>
    bool Accepts(ItemOrdinal item);
}
