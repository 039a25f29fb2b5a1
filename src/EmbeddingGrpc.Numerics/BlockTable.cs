using System.Numerics;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Equal blocks of values in large flat chunks at addresses that never change, outside of the collector's heap; a chunk may be pages of a file. One writer, which adds chunks;
/// readers may look at any block at any time and must have a way to find out that what they read was changed meanwhile.
/// </summary>
/// <remarks>
/// A reference or span to a chunk does not keep it alive: who reads keeps the table alive until it has read (<see cref="GC.KeepAlive"/>). A table that nobody can reach any
/// more gives its memory back when the collector finds that out; one whose owner knows it sooner is disposed.
/// </remarks>
public sealed unsafe class BlockTable<T> : IDisposable
    where T : unmanaged
{
    // Chunks are cut from pages that double in length up to this, so that there are few, and that a table of any size takes little more of addresses than it holds.
    private const long MostPageBytes = 32 << 20;

    private const long CacheLineBytes = 64;

    private readonly int _shift;
    private readonly nint _blockBytes;

    // Of files; kept alive, never disposed: other tables lie in them as well.
    private readonly List<MappedFile> _files = [];
    private readonly List<NativePages> _pages = [];
    private long _pagesUsed;
    private nint[] _chunks = [];
    private int _chunkCount;
    private bool _disposed;

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
    /// <exception cref="InsufficientMemoryException">The system has no memory for it.</exception>
    public void AddChunk()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_pages.Count == 0 || _pages[^1].Length - _pagesUsed < ChunkBytes)
        {
            var longer = _pages.Count == 0 ? 0 : Math.Min(2 * _pages[^1].Length, MostPageBytes);
            _pages.Add(new NativePages(Math.Max(ChunkBytes, longer)));
            _pagesUsed = 0;
        }

        var chunk = _pages[^1].Start + _pagesUsed;
        // Any value may begin there, whatever the length of a block.
        _pagesUsed += (ChunkBytes + CacheLineBytes - 1) / CacheLineBytes * CacheLineBytes;
        Publish((nint)chunk);
    }

    /// <summary>Adds a chunk that is a part of a file, which is kept alive with this. Writer only.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the chunk begins in it.</param>
    public void AddChunk(MappedFile file, long start)
    {
        ArgumentNullException.ThrowIfNull(file);
        var address = (nint)file.AddressOf(start, ChunkBytes);
        if (address % sizeof(long) != 0) throw new ArgumentOutOfRangeException(nameof(start), start, "Values lie at addresses that are multiples of their size.");
        if (_files.Count == 0 || !ReferenceEquals(_files[^1], file)) _files.Add(file);
        Publish(address);
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

    /// <summary>Gives the memory back. Nobody reads any more; who does all the same finds no block.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Volatile.Write(ref _chunks, []);
        Volatile.Write(ref _chunkCount, 0);
        foreach (var pages in _pages) pages.Dispose();
        _pages.Clear();
        _files.Clear();
    }

    private void Publish(nint address)
    {
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
