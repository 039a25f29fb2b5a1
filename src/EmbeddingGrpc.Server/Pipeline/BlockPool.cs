using System.Numerics;
using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// Equal blocks of values in large flat chunks, so that the garbage collector sees a few big arrays instead of an object per user. One
/// writer; readers may look at any block at any time and must have a way to find out that what they read was changed meanwhile.
/// </summary>
internal sealed class BlockPool<T>
    where T : unmanaged
{
    // Large enough for the large object heap, which is not compacted: chunks stay where they are.
    private const int ChunkBytes = 128 * 1024;

    private readonly int _shift;
    private readonly List<int> _free = [];
    private T[]?[] _chunks = [];
    private int _used;
    private int _chunkCount;

    /// <summary>Makes an empty pool, which holds no memory.</summary>
    /// <param name="blockLength">Values in a block.</param>
    public BlockPool(int blockLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1);
        BlockLength = blockLength;
        _shift = BitOperations.Log2((uint)Math.Max(1, ChunkBytes / (blockLength * Unsafe.SizeOf<T>())));
    }

    /// <summary>Values in a block.</summary>
    public int BlockLength { get; }

    /// <summary>Memory held, in bytes, free blocks included.</summary>
    public long SizeBytes =>
        ((long)Volatile.Read(ref _chunkCount) * BlockLength * Unsafe.SizeOf<T>() << _shift) + ((long)_free.Capacity * sizeof(int));

    /// <summary>Blocks that were ever taken: numbers 0..UsedCount - 1.</summary>
    public int UsedCount => Volatile.Read(ref _used);

    /// <summary>Takes a block. Its content is whatever was there.</summary>
    public int Allocate()
    {
        if (_free.Count > 0)
        {
            var block = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return block;
        }

        if (_used == _chunkCount << _shift) AddChunk();
        Volatile.Write(ref _used, _used + 1);
        return _used - 1;
    }

    /// <summary>Gives a block back.</summary>
    public void Free(int block) => _free.Add(block);

    /// <summary>A block, for the writer.</summary>
    public Span<T> Block(int block) => _chunks[block >> _shift].AsSpan((block & ((1 << _shift) - 1)) * BlockLength, BlockLength);

    /// <summary>The first value of a block, for the writer.</summary>
    public ref T First(int block) => ref _chunks[block >> _shift]![(block & ((1 << _shift) - 1)) * BlockLength];

    /// <summary>A block, for a reader whose number of it may be stale or torn.</summary>
    /// <returns>False where there is no such block.</returns>
    public bool TryBlock(int block, out ReadOnlySpan<T> values)
    {
        var chunks = Volatile.Read(ref _chunks);
        var chunk = block >> _shift;
        if ((uint)chunk >= (uint)chunks.Length || Volatile.Read(ref chunks[chunk]) is not { } array)
        {
            values = default;
            return false;
        }

        values = array.AsSpan((block & ((1 << _shift) - 1)) * BlockLength, BlockLength);
        return true;
    }

    private void AddChunk()
    {
        if (_chunkCount == _chunks.Length)
        {
            var longer = new T[]?[Math.Max(4, _chunks.Length * 2)];
            Array.Copy(_chunks, longer, _chunks.Length);
            Volatile.Write(ref _chunks, longer);
        }

        Volatile.Write(ref _chunks[_chunkCount], Chunk.New<T>(BlockLength << _shift, _chunkCount));
        Volatile.Write(ref _chunkCount, _chunkCount + 1);
    }
}
