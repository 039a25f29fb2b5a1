using System.Numerics;
using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// Takes equal blocks of values and gives them back, in large flat chunks that the garbage collector does not see. One writer; readers may look at any block at any time, must
/// have a way to find out that what they read was changed meanwhile, and keep the pool alive until they have read.
/// </summary>
internal sealed class BlockPool<T> : IDisposable
    where T : unmanaged
{
    // Large enough that an item or a user more is rarely a chunk more.
    private const int ChunkBytes = 128 * 1024;

    private readonly BlockTable<T> _blocks;
    private readonly List<int> _free = [];
    private int _used;

    /// <summary>Makes an empty pool, which holds no memory.</summary>
    /// <param name="blockLength">Values in a block.</param>
    public BlockPool(int blockLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1);
        _blocks = new BlockTable<T>(blockLength, 1 << BitOperations.Log2((uint)Math.Max(1, ChunkBytes / (blockLength * Unsafe.SizeOf<T>()))));
    }

    /// <summary>Values in a block.</summary>
    public int BlockLength => _blocks.BlockLength;

    /// <summary>Memory held, in bytes, free blocks included.</summary>
    public long SizeBytes => _blocks.SizeBytes + ((long)_free.Capacity * sizeof(int));

    /// <summary>Blocks that were ever taken: numbers 0..UsedCount - 1.</summary>
    public int UsedCount => Volatile.Read(ref _used);

    /// <summary>Where the blocks lie: to be filled before the first is taken, and <see cref="EndRestore"/> must follow then.</summary>
    internal BlockTable<T> Blocks => _blocks;

    /// <summary>Takes a block. Its content is whatever was there.</summary>
    public int Allocate()
    {
        if (_free.Count > 0)
        {
            var block = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return block;
        }

        if (_used == _blocks.ChunkCount * _blocks.ChunkBlocks) _blocks.AddChunk();
        Volatile.Write(ref _used, _used + 1);
        return _used - 1;
    }

    /// <summary>Gives a block back.</summary>
    public void Free(int block) => _free.Add(block);

    /// <summary>A block, for the writer.</summary>
    public Span<T> Block(int block) => _blocks.Block(block);

    /// <summary>The first value of a block, for the writer.</summary>
    public ref T First(int block) => ref _blocks.First(block);

    /// <summary>A block, for a reader whose number of it may be stale or torn.</summary>
    /// <returns>False where there is no such block.</returns>
    public bool TryBlock(int block, out ReadOnlySpan<T> values) => _blocks.TryBlock(block, out values);

    /// <summary>Gives the memory back. Nobody reads any more.</summary>
    public void Dispose() => _blocks.Dispose();

    /// <summary>The first blocks are taken: they were put back with the chunks that they lie in.</summary>
    internal void EndRestore(int used)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(used, (long)_blocks.ChunkCount * _blocks.ChunkBlocks);
        Volatile.Write(ref _used, used);
    }
}
