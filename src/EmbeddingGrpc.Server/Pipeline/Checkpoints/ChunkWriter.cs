using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Gathers blocks of one kind as they will lie in a table, and writes a chunk of them when it is full. One thread.</summary>
internal sealed class ChunkWriter
{
    private readonly byte _kind;
    private readonly List<byte> _kinds;
    private readonly CheckpointOutput _output;
    private readonly int _blockBytes;
    private readonly int _chunkBlocks;
    private byte[] _chunk = [];

    private ChunkWriter(byte kind, List<byte> kinds, CheckpointOutput output, int blockBytes, int chunkBlocks) =>
        (_kind, _kinds, _output, _blockBytes, _chunkBlocks) = (kind, kinds, output, blockBytes, chunkBlocks);

    /// <summary>Blocks taken so far.</summary>
    public int Count { get; private set; }

    /// <summary>Begins without blocks.</summary>
    /// <param name="table">Such as they will lie in.</param>
    /// <param name="kind">What is told of each chunk.</param>
    /// <param name="kinds">Where it is told, in the order in which they are written.</param>
    /// <param name="output">The checkpoint.</param>
    public static ChunkWriter For<T>(BlockTable<T> table, byte kind, List<byte> kinds, CheckpointOutput output)
        where T : unmanaged => new(kind, kinds, output, table.ChunkBytes / table.ChunkBlocks, table.ChunkBlocks);

    /// <summary>The next block, all zeros, which is to be filled before the next call.</summary>
    public Span<byte> Next()
    {
        var place = Count % _chunkBlocks;
        if (place == 0 && Count > 0) Write(_chunkBlocks);
        // Of most kinds there may never be any.
        if (_chunk.Length == 0) _chunk = new byte[_chunkBlocks * _blockBytes];
        Count++;
        var block = _chunk.AsSpan(place * _blockBytes, _blockBytes);
        block.Clear();
        return block;
    }

    /// <summary>Writes what is left.</summary>
    public void End()
    {
        if (Count > 0) Write(((Count - 1) % _chunkBlocks) + 1);
    }

    private void Write(int blocks)
    {
        _kinds.Add(_kind);
        _output.Write(_chunk.AsSpan(0, blocks * _blockBytes));
    }
}
