using System.Numerics;
using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Equal blocks of values in large flat chunks at addresses that never change; a chunk may be pages of a file. One writer, which adds chunks; readers may look at any block
/// at any time and must have a way to find out that what they read was changed meanwhile.
/// </summary>
/// <remarks>
/// A reference or span to a chunk of the collector's memory keeps it alive; one to a chunk of a file does not: who reads such a table keeps the table alive until it has
/// read (<see cref="GC.KeepAlive"/>).
/// </remarks>
public sealed unsafe class BlockTable<T>
    where T : unmanaged
{
    private readonly int _shift;
    private readonly nint _blockBytes;

    // Arrays and files that the chunks lie in.
    private readonly List<object> _owners = [];
    private nint[] _chunks = [];
    private int _chunkCount;

    /// <summary>Makes a table without blocks, which holds no memory.</summary>
    /// <param name="blockLength">Values in a block.</param>
    /// <param name="chunkBlocks">Blocks in a chunk, a power of two.</param>
    public BlockTable(int blockLength, int chunkBlocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1);
        if (!BitOperations.IsPow2(chunkBlocks)) throw new ArgumentOutOfRangeException(nameof(chunkBlocks), chunkBlocks, "A chunk has a power of two of blocks.");
        (BlockLength, _blockBytes, _shift) = (blockLength, (nint)blockLength * sizeof(T), BitOperations.Log2((uint)chunkBlocks));
        ChunkBytes = checked((int)(_blockBytes << _shift));
    }

    /// <summary>Values in a block.</summary>
    public int BlockLength { get; }

    /// <summary>Blocks in a chunk.</summary>
    public int ChunkBlocks => 1 << _shift;

    /// <summary>Bytes of a chunk.</summary>
    public int ChunkBytes { get; }

    /// <summary>Chunks that there are.</summary>
    public int ChunkCount => Volatile.Read(ref _chunkCount);

    /// <summary>Memory held, in bytes, that of files included.</summary>
    public long SizeBytes => (long)ChunkCount * ChunkBytes;

    /// <summary>Adds a chunk of zeros. Writer only.</summary>
    public void AddChunk()
    {
        var chunk = Chunk.New<T>(BlockLength << _shift, _chunkCount, pinned: true);
        Publish(chunk, (nint)Unsafe.AsPointer(ref chunk[0]));
    }

    /// <summary>Adds a chunk that is a part of a file, which is kept alive with this. Writer only.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the chunk begins in it.</param>
    public void AddChunk(MappedFile file, long start)
    {
        ArgumentNullException.ThrowIfNull(file);
        var address = (nint)file.AddressOf(start, ChunkBytes);
        if (address % sizeof(long) != 0) throw new ArgumentOutOfRangeException(nameof(start), start, "Values lie at addresses that are multiples of their size.");
        Publish(file, address);
    }

    /// <summary>All values of a chunk. Writer only.</summary>
    public Span<T> ChunkAt(int chunk) => new((void*)AddressOf(chunk << _shift), BlockLength << _shift);

    /// <summary>A block, for the writer.</summary>
    public Span<T> Block(int block) => new((void*)AddressOf(block), BlockLength);

    /// <summary>The first value of a block, for the writer.</summary>
    public ref T First(int block) => ref *(T*)AddressOf(block);

    /// <summary>A block, for a reader whose number of it may be stale or torn.</summary>
    /// <returns>False where there is no such block.</returns>
    public bool TryBlock(int block, out ReadOnlySpan<T> values)
    {
        var found = TryAddressOf(block, out var address);
        values = found ? new ReadOnlySpan<T>((void*)address, BlockLength) : default;
        return found;
    }

    /// <summary>The first value of a block, likewise.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="found">Whether there is such a block; the reference is to nothing otherwise.</param>
    public ref T TryFirst(int block, out bool found)
    {
        found = TryAddressOf(block, out var address);
        return ref *(T*)address;
    }

    private nint AddressOf(int block)
    {
        var chunk = _chunks[block >> _shift];
        if (chunk == 0) throw new ArgumentOutOfRangeException(nameof(block), block, "There is no such block.");
        return chunk + ((block & ((1 << _shift) - 1)) * _blockBytes);
    }

    private bool TryAddressOf(int block, out nint address)
    {
        var chunks = Volatile.Read(ref _chunks);
        var chunk = block >> _shift;
        address = (uint)chunk < (uint)chunks.Length ? Volatile.Read(ref chunks[chunk]) : 0;
        if (address == 0) return false;
        address += (block & ((1 << _shift) - 1)) * _blockBytes;
        return true;
    }

    private void Publish(object owner, nint address)
    {
        if (_owners.Count == 0 || !ReferenceEquals(_owners[^1], owner)) _owners.Add(owner);
        if (_chunkCount == _chunks.Length)
        {
            var longer = new nint[Math.Max(4, _chunks.Length * 2)];
            _chunks.CopyTo(longer, 0);
            Volatile.Write(ref _chunks, longer);
        }

        Volatile.Write(ref _chunks[_chunkCount], address);
        Volatile.Write(ref _chunkCount, _chunkCount + 1);
    }
}
