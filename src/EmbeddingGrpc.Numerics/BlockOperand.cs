using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// One side of a <see cref="PairBlock"/>: the rows of a step with a value for each (a rate, a weight or a label), as pointers, and room for
/// rows that must be made up (items that share rows) or remembered. One thread.
/// </summary>
internal sealed unsafe class BlockOperand : IDisposable
{
    // What the kernels may read beyond the last row.
    private const int Padding = 16;

    private readonly float* _start;
    private readonly long _stride;
    private readonly uint _directRows;
    private readonly EmbeddingMatrix _matrix;
    private readonly HashedRows _map;
    private readonly int _maximum;
    private readonly int* _items;
    private readonly float* _copies;
    private readonly float* _composites;
    private bool _hasComposites;
    private ulong _merged;
    private void* _scratch;

    public BlockOperand(EmbeddingMatrix matrix, HashedRows map, int maximum)
    {
        if (map.Rows != matrix.Rows)
        {
            throw new ArgumentException($"A map onto {map.Rows} rows does not fit a matrix of {matrix.Rows}.", nameof(map));
        }

        _matrix = matrix;
        _start = matrix.Pointer;
        _map = map;
        _directRows = (uint)map.DirectRows;
        _stride = matrix.Stride;
        _maximum = maximum;

        // One allocation whose parts are all whole cache lines, so that no two threads' scratch shares one.
        nuint padded = (nuint)((maximum + 15) & ~15);
        nuint rowsBytes = padded * (nuint)_stride * sizeof(float);
        nuint entries = padded + Padding;
        nuint size = (entries * (nuint)((2 * sizeof(float*)) + sizeof(int) + sizeof(float))) + (map.SharedRows > 0 ? 2 * rowsBytes : rowsBytes);
        _scratch = NativeMemory.AlignedAlloc(size, EmbeddingMatrix.Alignment);
        NativeMemory.Clear(_scratch, size);
        Rows = (float**)_scratch;
        Before = Rows + entries;
        Values = (float*)(Before + entries);
        _items = (int*)(Values + entries);
        _copies = (float*)(_items + entries);
        _composites = _copies + ((long)padded * _stride);
        for (int i = 0; i < maximum; i++)
        {
            Before[i] = _copies + (i * _stride);
        }
    }

    /// <summary>Frees the memory of an operand that its owner lost to an exception.</summary>
    ~BlockOperand() => NativeMemory.AlignedFree(_scratch);

    /// <summary>Rows of the step.</summary>
    public int Count { get; private set; }

    /// <summary>Pointers to the rows; after <see cref="Seal"/> padded by eight times the last.</summary>
    public float** Rows { get; }

    /// <summary>The rows' values; after <see cref="Seal"/> padded by sixteen zeros.</summary>
    public float* Values { get; }

    /// <summary>Pointers to what the rows were at the time of <see cref="Remember"/>.</summary>
    public float** Before { get; }

    /// <summary>Whether some rows are made up, so that their changes must be handed on after the step.</summary>
    public bool HasComposites => _hasComposites;

    /// <summary>Begins a new step.</summary>
    public void Clear()
    {
        Count = 0;
        _hasComposites = false;
        _merged = 0;
    }

    /// <summary>Adds an item.</summary>
    /// <exception cref="ArgumentException">It is outside the matrix, or there are too many.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int item, float value)
    {
        int at = Count;
        if ((uint)item >= _directRows || at == _maximum)
        {
            AddUnusual(item, value);
            return;
        }

        Rows[at] = _start + (item * _stride);
        Values[at] = value;
        _items[at] = item;
        Count = at + 1;
    }

    /// <summary>Adds an item, or its value to the same item's.</summary>
    /// <exception cref="ArgumentException">It is outside the matrix, or there are too many.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Merge(int item, float value)
    {
        // A bit for each hash of an item: most items are known to be new without a look at the others, which were written a moment ago and
        // would have to reach the cache before they could be compared many at a time.
        ulong bit = 1UL << (int)(((uint)item * 0x9E37_79B9u) >> 26);
        if ((_merged & bit) != 0)
        {
            for (int at = 0; at < Count; at++)
            {
                if (_items[at] == item)
                {
                    Values[at] += value;
                    return;
                }
            }
        }

        _merged |= bit;
        Add(item, value);
    }

    /// <summary>Ends the adding: makes up what must be, and pads as the kernels ask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Seal()
    {
        ObjectDisposedException.ThrowIf(_scratch is null, this);
        if (_hasComposites)
        {
            Compose();
        }

        int count = Count;
        if (count > 0)
        {
            Vector512.Create((nint)Rows[count - 1]).Store((nint*)(Rows + count));
        }

        Vector512<float>.Zero.Store(Values + count);
    }

    /// <summary>Shrinks every row by <c>1 - factor · value</c>, a made-up one by the rows that it is made of. Those of value 0 stay as they are.</summary>
    public void Shrink(float factor)
    {
        for (int i = 0; i < Count; i++)
        {
            if (Values[i] == 0)
            {
                continue;
            }

            float keep = 1 - (factor * Values[i]);
            if ((uint)_items[i] < _directRows)
            {
                var row = new Span<float>(Rows[i], (int)_stride);
                TensorPrimitives.Multiply(row, keep, row);
            }
            else
            {
                var (first, second) = _map.Of(_items[i]);
                TensorPrimitives.Multiply(RowSpan(first), keep, RowSpan(first));
                TensorPrimitives.Multiply(RowSpan(second), keep, RowSpan(second));
            }
        }
    }

    /// <summary>Copies the rows, which a step is about to move.</summary>
    public void Remember()
    {
        for (int i = 0; i < Count; i++)
        {
            new ReadOnlySpan<float>(Rows[i], (int)_stride).CopyTo(new Span<float>(Before[i], (int)_stride));
        }
    }

    /// <summary>Hands the changes of made-up rows on to the rows that they are made of. Needs <see cref="Remember"/> before the step.</summary>
    public void ReturnComposites()
    {
        for (int i = 0; i < Count; i++)
        {
            if ((uint)_items[i] >= _directRows)
            {
                var (first, second) = _map.Of(_items[i]);
                var change = new Span<float>(Rows[i], (int)_stride);
                TensorPrimitives.Subtract(change, new ReadOnlySpan<float>(Before[i], (int)_stride), change);
                AddScaled(change, first);
                AddScaled(change, second);
            }
        }
    }

    /// <summary>Asks for an item's row to be brought into the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int item)
    {
        if ((uint)item < _directRows)
        {
            PrefetchRow(item);
        }
        else if ((uint)item < (uint)_map.Items)
        {
            var (first, second) = _map.Of(item);
            PrefetchRow(first);
            PrefetchRow(second);
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_scratch);
        _scratch = null;
        GC.SuppressFinalize(this);
    }

    private void AddUnusual(int item, float value)
    {
        ObjectDisposedException.ThrowIf(_scratch is null, this);
        if (Count == _maximum)
        {
            throw new ArgumentException($"A block takes {_maximum} rows; item {item} is one more.", nameof(item));
        }

        if ((uint)item >= (uint)_map.Items)
        {
            throw new ArgumentException($"Item {item} is outside a matrix of {_map.Items} items.", nameof(item));
        }

        Rows[Count] = _composites + (Count * _stride);
        Values[Count] = value;
        _items[Count++] = item;
        _hasComposites = true;
    }

    private void Compose()
    {
        for (int i = 0; i < Count; i++)
        {
            if ((uint)_items[i] >= _directRows)
            {
                var (first, second) = _map.Of(_items[i]);
                var sum = new Span<float>(Rows[i], (int)_stride);
                TensorPrimitives.Add(RowSpan(first), RowSpan(second), sum);
                TensorPrimitives.Multiply(sum, HashedRows.Share, sum);
            }
        }
    }

    private void AddScaled(ReadOnlySpan<float> change, int row) =>
        TensorPrimitives.MultiplyAdd(change, HashedRows.Share, RowSpan(row), RowSpan(row));

    private Span<float> RowSpan(int row) => new(_matrix.Pointer + (row * _stride), (int)_stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchRow(int row)
    {
        if (Sse.IsSupported)
        {
            byte* line = (byte*)(_start + (row * _stride));
            byte* end = line + (_stride * sizeof(float));
            do
            {
                Sse.Prefetch0(line);
                line += EmbeddingMatrix.Alignment;
            }
            while (line < end);
        }
    }
}
