using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>How large codes and a query's values may be, so that their product is exact in 32 bits and its parts in 16. Immutable.</summary>
/// <param name="Levels">Largest code; the least is 0.</param>
/// <param name="QueryLimit">Largest magnitude of a query's value.</param>
/// <param name="Spread">Standard deviation of a value's codes, about: the range of most is three of its deviations to either side.</param>
internal readonly record struct CodeRange(int Levels, int QueryLimit, double Spread)
{
    private const double Deviations = 6;

    // Wide codes leave as much room again for rows that come later.
    private const double WideDeviations = 12;

    private const int LeastWideQueryLimit = 127;

    /// <summary>The range for a layout.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="dimension">Values of a row.</param>
    public static CodeRange Of(PackedLayout layout, int dimension)
    {
        if (!layout.IsWide) return new CodeRange((1 << layout.Bits) - 1, PackedKernels.QueryLimit(layout.Bits), ((1 << layout.Bits) - 1) / Deviations);
        // What 31 bits leave for a product is shared out: to the query, which few steps serve as well, only what the codes cannot use.
        var limit = Math.Max(LeastWideQueryLimit, int.MaxValue / dimension / (short.MaxValue + 1));
        limit = Math.Min(limit, short.MaxValue);
        var half = Math.Min(short.MaxValue, int.MaxValue / dimension / limit);
        return new CodeRange(2 * half, limit, 2 * half / WideDeviations);
    }
}
