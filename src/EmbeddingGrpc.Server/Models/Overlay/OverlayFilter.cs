using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>Asks a filter of items about the rows of a graph. Belongs to one search.</summary>
internal sealed class OverlayFilter(GenerationOverlay overlay, IItemFilter items) : IItemFilter
{
    /// <inheritdoc/>
    public ItemOrdinal[]? Listed { get; } = overlay.RowsOf(items.Listed, isOverlayOnly: false);

    /// <inheritdoc/>
    public bool Accepts(ItemOrdinal item) => items.Accepts(overlay.Contains(item) ? overlay.ItemOf(item.Value - overlay.BaseItems) : item);
}
