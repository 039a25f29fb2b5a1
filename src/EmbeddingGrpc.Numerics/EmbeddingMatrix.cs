using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// A mutable [rows, dimension] matrix of 32-bit floats in native memory, row-major, every row 64-byte aligned and padded with zeros.
/// Rows race by design while a trainer runs (Niu et al. 2011, Hogwild); one owner, disposed after its threads are joined.
/// </summary>
public sealed unsafe class EmbeddingMatrix : IDisposable
{
    /// <summary>Row alignment in bytes: one cache line, one AVX-512 register.</summary>
    public const int Alignment = 64;

    private float* _rows;

    /// <summary>Allocates a zeroed matrix.</summary>
    /// <exception cref="OutOfMemoryException">The system has no memory for it.</exception>
    public EmbeddingMatrix(int rows, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        Rows = rows;
        Dimension = dimension;
        Stride = StrideOf(dimension);
        SizeBytes = Math.Max(1L, rows) * Stride * sizeof(float);
        bool large = SizeBytes >= 2 * MemoryAdvice.LargePageBytes;
        _rows = (float*)NativeMemory.AlignedAlloc((nuint)SizeBytes, large ? MemoryAdvice.LargePageBytes : (nuint)Alignment);
        if (large)
        {
            MemoryAdvice.PreferLargePages(_rows, (nuint)SizeBytes);
        }

        NativeMemory.Clear(_rows, (nuint)SizeBytes);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Floats of a row that carry values.</summary>
    public int Dimension { get; }

    /// <summary>Floats from one row to the next: <see cref="Dimension"/> rounded up to a cache line.</summary>
    public int Stride { get; }

    /// <summary>Native memory held, in bytes.</summary>
    public long SizeBytes { get; }

    /// <summary>The values of one row, [dimension].</summary>
    public Span<float> this[ItemOrdinal row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row.Value, (uint)Rows, nameof(row));
            return new Span<float>(Pointer + ((long)row.Value * Stride), Dimension);
        }
    }

    internal float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_rows is null, this);
            return _rows;
        }
    }

    /// <summary>Floats from one row to the next for a dimension.</summary>
    public static int StrideOf(int dimension) => (dimension + 15) & ~15;

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_rows);
        _rows = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory of a matrix that its owner lost to an exception.</summary>
    ~EmbeddingMatrix() => NativeMemory.AlignedFree(_rows);
}
