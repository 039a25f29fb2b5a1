using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>
/// One row of codes for every item. One writer appends rows; a row is complete before a link to it is published and never changes
/// afterwards, so that readers need no lock.
/// </summary>
internal sealed unsafe class CodeRows : IDisposable
{
    private readonly NativeRegion _region;

    /// <summary>Reserves room for rows.</summary>
    /// <param name="stride">Bytes of a row, a multiple of a cache line.</param>
    /// <param name="capacity">Rows that there is address space for.</param>
    /// <param name="rows">Rows that there is memory for at once.</param>
    public CodeRows(int stride, long capacity, int rows)
    {
        Stride = stride;
        _region = new NativeRegion(capacity * stride, (long)rows * stride);
        Pointer = _region.Pointer;
    }

    /// <summary>Reserves room and fills it.</summary>
    /// <param name="stride">Bytes of a row, a multiple of a cache line.</param>
    /// <param name="capacity">Rows that there is address space for.</param>
    /// <param name="load">Commits and fills the region.</param>
    public CodeRows(int stride, long capacity, Action<NativeRegion> load)
        : this(stride, capacity, 0)
    {
        try
        {
            load(_region);
        }
        catch
        {
            _region.Dispose();
            throw;
        }
    }

    /// <summary>First row.</summary>
    public byte* Pointer { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _region.CommittedBytes;

    /// <summary>A row of codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Row(int item) => Pointer + ((long)item * Stride);

    /// <summary>Makes sure there is memory for so many rows.</summary>
    /// <exception cref="InsufficientMemoryException">The system has none.</exception>
    public void Commit(int rows) => _region.Commit((long)rows * Stride);

    /// <inheritdoc/>
    public void Dispose() => _region.Dispose();
}
