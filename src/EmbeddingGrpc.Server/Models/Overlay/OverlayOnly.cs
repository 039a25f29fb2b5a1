using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>Accepts the rows of a graph that are of the overlay, and of those what a filter of items accepts. Belongs to one search.</summary>
internal sealed class OverlayOnly(GenerationOverlay overlay, IItemFilter? items) : IItemFilter
{
    /// <inheritdoc/>
    public ItemOrdinal[]? Listed { get; } = overlay.RowsOf(items?.Listed, isOverlayOnly: true);

    /// <inheritdoc/>
    public bool Accepts(ItemOrdinal item) =>
        overlay.Contains(item) && (items is null || items.Accepts(overlay.ItemOf(item.Value - overlay.BaseItems)));
}
