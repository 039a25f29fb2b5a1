using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>Accepts every n-th item.</summary>
/// <param name="divisor">n.</param>
/// <param name="listed">Null for a filter that can only be asked; else it lists what it accepts, and an item behind each, below this.</param>
internal sealed class ModuloFilter(int divisor, int? listed = null) : IItemFilter
{
    public ItemOrdinal[]? Listed { get; } = listed is null ? null : [.. Enumerable.Range(0, listed.Value).Where(item => item % divisor <= 1).Select(item => new ItemOrdinal(item))];

    public bool Accepts(ItemOrdinal item) => item.Value % divisor == 0;
}
