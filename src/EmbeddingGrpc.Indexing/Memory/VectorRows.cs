using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>
/// The float rows of an index: those of a table, which stays its owner's and outlives the index, and behind them rows of its own that one
/// writer appends. Any number of readers; a row never changes once it is there.
/// </summary>
internal sealed unsafe class VectorRows : IDisposable
{
    private readonly VectorTable _table;
    private readonly float* _first;
    private readonly NativeRegion _added;
    private int _addedCount;

    /// <summary>Puts rows over a table.</summary>
    public VectorRows(VectorTable table)
    {
        _table = table;
        _first = table.Pointer;
        Base = table.Rows;
        Dimension = table.Dimension;
        Stride = table.Stride;
        _added = new NativeRegion(Math.Max(0, IndexCapacity.For(Base) - Base) * Stride * sizeof(float), 0);
    }

    /// <summary>The table.</summary>
    public VectorTable Table => _table;

    /// <summary>Rows of the table.</summary>
    public int Base { get; }

    /// <summary>Rows behind it.</summary>
    public int Added => Volatile.Read(ref _addedCount);

    /// <summary>All rows.</summary>
    public int Count => Base + Added;

    /// <summary>Floats of a row that carry values.</summary>
    public int Dimension { get; }

    /// <summary>Floats from one row to the next, a multiple of 16; the padding is zero.</summary>
    public int Stride { get; }

    /// <summary>Memory held for added rows, in bytes.</summary>
    public long SizeBytes => _added.CommittedBytes;

    /// <summary>First added row.</summary>
    public float* AddedPointer => (float*)_added.Pointer;

    /// <summary>A row, 64-byte aligned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int item) =>
        item < Base ? _first + ((long)item * Stride) : (float*)_added.Pointer + ((long)(item - Base) * Stride);

    /// <summary>Whether two rows are equal, value for value.</summary>
    public bool AreEqual(int item, int other) =>
        new ReadOnlySpan<byte>(Row(item), Dimension * sizeof(float)).SequenceEqual(new ReadOnlySpan<byte>(Row(other), Dimension * sizeof(float)));

    /// <summary>Appends a row.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no memory for it.</exception>
    public void Append(ReadOnlySpan<float> row)
    {
        Reserve(_addedCount + 1);
        row.CopyTo(new Span<float>(Row(Base + _addedCount), Dimension));
        Volatile.Write(ref _addedCount, _addedCount + 1);
    }

    /// <summary>Appends the first rows, which something else fills.</summary>
    /// <param name="added">How many.</param>
    /// <param name="load">Commits and fills the region.</param>
    public void Load(int added, Action<NativeRegion> load)
    {
        load(_added);
        Volatile.Write(ref _addedCount, added);
    }

    /// <summary>The same rows over the same table, with memory of their own for those behind it. Called by the writer.</summary>
    public VectorRows Copy()
    {
        var copy = new VectorRows(_table);
        copy.Load(_addedCount, region => region.CopyFrom(_added, (long)_addedCount * Stride * sizeof(float)));
        return copy;
    }

    /// <inheritdoc/>
    public void Dispose() => _added.Dispose();

    private void Reserve(int added) => _added.Commit((long)added * Stride * sizeof(float));
}
