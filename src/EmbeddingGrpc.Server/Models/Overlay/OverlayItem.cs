using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>One item of an overlay. Its row is replaced by one store when the item gets a better vector; the rest never changes.</summary>
/// <param name="key">The item.</param>
/// <param name="utf8Id">Its id.</param>
/// <param name="row">Where its vectors are.</param>
internal struct OverlayItem(ItemKey key, byte[] utf8Id, int row)
{
    /// <summary>The item.</summary>
    public readonly ItemKey Key = key;

    /// <summary>Its id.</summary>
    public readonly byte[] Utf8Id = utf8Id;

    /// <summary>The row of its vectors; read and written volatile.</summary>
    public int Row = row;
}
