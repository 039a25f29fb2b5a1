using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>What a filter accepts and is not deleted.</summary>
internal readonly struct AdmitFiltered(ItemBits deleted, IItemFilter filter) : IAdmission
{
    /// <inheritdoc/>
    public bool Admits(int node) => !deleted.Contains(node) && filter.Accepts(new ItemOrdinal(node));
}
