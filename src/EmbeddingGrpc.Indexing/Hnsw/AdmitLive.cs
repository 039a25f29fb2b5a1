using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Every item that is not deleted.</summary>
internal readonly struct AdmitLive(ItemBits deleted) : IAdmission
{
    /// <inheritdoc/>
    public bool Admits(int node) => !deleted.Contains(node);
}
