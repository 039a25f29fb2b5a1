using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>Accepts what was not deleted. Any number of threads.</summary>
internal sealed class LiveItems(Generation generation, DeletedItems deleted) : IItemFilter
{
    /// <inheritdoc/>
    public bool Accepts(ItemOrdinal item) => !generation.TryGetKey(item, out var key) || !deleted.Contains(key);
}
