using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>
/// A section that is chunks of memory as they were, and an index that says what they are. The chunks are made first and then read all at once, by as many threads as there are
/// processors. One thread otherwise.
/// </summary>
internal sealed class CheckpointPages
{
    // A thread more for each so many blocks to read, so that a small section needs none.
    private const int BlocksAThread = 64;

    private readonly IFile _file;
    private readonly CheckpointSection _section;
    private readonly long _indexStart;
    private readonly int _indexBytes;

    // Of the section, in their order, each with where its bytes belong.
    private readonly List<(long Start, int Bytes, Func<Span<byte>> Memory)> _chunks = [];
    private long _position;

    private CheckpointPages(IFile file, CheckpointSection section)
    {
        if (section.Position < 0 || section.Length < sizeof(int) || section.Length > file.Length - section.Position)
            throw new CheckpointCorruptException($"its section '{section.Name}' lies where the file has nothing");
        (_file, _section) = (file, section);
        _position = (CheckpointFormat.PageBytes - (section.Position % CheckpointFormat.PageBytes)) % CheckpointFormat.PageBytes;
        _indexBytes = InputAt(section.Length - sizeof(int)).Read<int>();
        _indexStart = section.Length - sizeof(int) - _indexBytes;
        if (_indexBytes < 0 || _indexStart < _position) throw new CheckpointCorruptException($"its section '{section.Name}' has an index of {_indexBytes} bytes, which cannot be");
        Index = InputAt(_indexStart);
    }

    /// <summary>The index, from its beginning.</summary>
    public CheckpointInput Index { get; }

    /// <summary>Makes a section ready to be read.</summary>
    /// <param name="file">The checkpoint, which stays open until the section was read.</param>
    /// <param name="section">Where it lies.</param>
    /// <exception cref="CheckpointCorruptException">Its index is damaged.</exception>
    public static CheckpointPages Open(IFile file, CheckpointSection section) => new(file, section);

    /// <summary>Adds the next chunk to those of a table: zeros, until <see cref="ReadChunks"/>.</summary>
    /// <param name="table">Not read by anyone yet.</param>
    /// <param name="blocks">Blocks that the chunk has; fewer than all only where it is cut, and the rest stays zero then.</param>
    /// <exception cref="CheckpointCorruptException">There are not so many.</exception>
    public void AddChunk<T>(BlockTable<T> table, int blocks)
        where T : unmanaged
    {
        var bytes = (int)((long)table.ChunkBytes / table.ChunkBlocks * blocks);
        if (bytes > _indexStart - _position) throw new CheckpointCorruptException("it has fewer pages than it says");
        var chunk = table.ChunkCount;
        table.AddChunk();
        _chunks.Add((_position, bytes, () => MemoryMarshal.AsBytes(table.ChunkAt(chunk))));
        _position += bytes;
    }

    /// <summary>Reads all chunks that were added. Nothing of a block of the file is taken before its checksum was found right.</summary>
    /// <exception cref="CheckpointCorruptException">They are damaged, or there are more.</exception>
    public void ReadChunks()
    {
        if (_position != _indexStart) throw new CheckpointCorruptException($"it has {_indexStart - _position} bytes of pages that its index does not know");
        if (_chunks.Count == 0) return;
        var next = (int)(_chunks[0].Start / CheckpointFormat.BlockBytes) - 1;
        var end = (int)CheckpointSection.BlocksOf(_indexStart);
        var threads = Math.Clamp((end - next) / BlocksAThread, 1, Environment.ProcessorCount);
        if (threads == 1) ReadBlocks(ref next, end);
        else OwnThreads.Run(Enumerable.Range(0, threads).Select(_ => (Action)(() => ReadBlocks(ref next, end))));
    }

    /// <summary>Says that all was read that should be.</summary>
    /// <exception cref="CheckpointCorruptException">There is more.</exception>
    public void End()
    {
        if (Index.Read<int>() != _indexBytes) throw new CheckpointCorruptException("an index is longer than what it should have");
        Index.End();
    }

    // Blocks are checked whole: from that on in which it lies.
    private CheckpointInput InputAt(long offset)
    {
        var input = new CheckpointInput(_file, _section.From((int)(offset / CheckpointFormat.BlockBytes)));
        input.Take((int)(offset % CheckpointFormat.BlockBytes));
        return input;
    }

    private void ReadBlocks(ref int last, int end)
    {
        var buffer = new byte[CheckpointFormat.BlockBytes];
        while (Interlocked.Increment(ref last) is var block && block < end)
        {
            var start = (long)block * CheckpointFormat.BlockBytes;
            var bytes = buffer.AsSpan(0, (int)Math.Min(CheckpointFormat.BlockBytes, _section.Length - start));
            if (_file.Read(_section.Position + start, bytes) < bytes.Length) throw new CheckpointCorruptException("it became shorter while it was read");
            if (Checksum.Of(bytes) != _section.Checksums[block]) throw new CheckpointCorruptException($"the checksum at byte {_section.Position + start} is wrong");
            Distribute(bytes, start);
        }
    }

    private void Distribute(ReadOnlySpan<byte> bytes, long start)
    {
        for (var i = FirstChunkThatEndsAfter(start); i < _chunks.Count && _chunks[i].Start < start + bytes.Length; i++)
        {
            var (chunkStart, length, memory) = _chunks[i];
            var from = Math.Max(start, chunkStart);
            var part = bytes[(int)(from - start)..(int)Math.Min(bytes.Length, chunkStart + length - start)];
            part.CopyTo(memory()[(int)(from - chunkStart)..]);
        }
    }

    private int FirstChunkThatEndsAfter(long position)
    {
        var (low, high) = (0, _chunks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_chunks[middle].Start + _chunks[middle].Bytes <= position) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
