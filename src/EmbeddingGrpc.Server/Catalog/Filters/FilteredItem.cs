using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>An item that a filter is asked about, by all that is known of its identity.</summary>
/// <param name="Key">Its key; <see cref="NoKey"/> for an item of an import that the stream never saw.</param>
/// <param name="Ordinal">Its ordinal in the leased generation; <see cref="NoOrdinal"/> where that does not have it.</param>
internal readonly record struct FilteredItem(ItemKey Key, ItemOrdinal Ordinal)
{
    public static ItemKey NoKey => new(-1);

    public static ItemOrdinal NoOrdinal => new(-1);
}
