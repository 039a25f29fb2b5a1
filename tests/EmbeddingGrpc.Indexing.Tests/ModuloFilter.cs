using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>Accepts every n-th item.</summary>
internal sealed class ModuloFilter(int divisor) : IItemFilter
{
    public bool Accepts(ItemOrdinal item) => item.Value % divisor == 0;
}
