using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>The float rows of an index by pointer. The table stays its owner's and outlives the index. Immutable.</summary>
internal sealed unsafe class VectorRows(VectorTable table)
{
    private readonly float* _first = table.Pointer;

    /// <summary>Rows.</summary>
    public int Count { get; } = table.Rows;

    /// <summary>Floats of a row that carry values.</summary>
    public int Dimension { get; } = table.Dimension;

    /// <summary>Floats from one row to the next, a multiple of 16; the padding is zero.</summary>
    public int Stride { get; } = table.Stride;

    /// <summary>A row, 64-byte aligned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int item) => _first + ((long)item * Stride);
}
