using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Filters;

/// <summary>An item that a filter is asked about, by all that is known of its identity.</summary>
/// <param name="Key">Its key; <see cref="NoKey"/> for an item of an import that the stream never saw.</param>
/// <param name="Ordinal">Its ordinal in the leased generation; <see cref="NoOrdinal"/> where that does not have it.</param>
internal readonly record struct FilteredItem(ItemKey Key, ItemOrdinal Ordinal)
{
    public static ItemKey NoKey => new(-1);

    public static ItemOrdinal NoOrdinal => new(-1);

    /// <summary>An item of a generation.</summary>
    public static FilteredItem Of(ItemOrdinal item, Generation generation) => new(generation.TryGetKey(item, out var key) ? key : NoKey, item);

    /// <summary>An item that the leased generation does not have.</summary>
    public static FilteredItem Of(ItemKey item) => new(item, NoOrdinal);
}
