using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>
/// A section that is chunks of memory as they were, and an index that says what they are: where the system maps the file, and they may be its pages, they are used where they
/// lie in it, and become memory of their own as they change; otherwise they are copied. Nothing of it is handed out before its checksum was found right. One thread.
/// </summary>
internal sealed class CheckpointPages
{
    // A thread more for each so many blocks to check, so that a small section needs none.
    private const int BlocksAThread = 64;

    private readonly MappedFile? _mapping;
    private readonly CheckpointInput _chunks;
    private readonly long _indexStart;
    private readonly int _indexBytes;
    private long _position;

    private CheckpointPages(IFile file, CheckpointSection section, bool mapped)
    {
        if (section.Position < 0 || section.Length < sizeof(int) || section.Length > file.Length - section.Position)
            throw new CheckpointCorruptException($"its section '{section.Name}' lies where the file has nothing");
        _position = (CheckpointFormat.PageBytes - (section.Position % CheckpointFormat.PageBytes)) % CheckpointFormat.PageBytes;
        _indexBytes = InputAt(file, section, section.Length - sizeof(int)).Read<int>();
        _indexStart = section.Length - sizeof(int) - _indexBytes;
        if (_indexBytes < 0 || _indexStart < _position) throw new CheckpointCorruptException($"its section '{section.Name}' has an index of {_indexBytes} bytes, which cannot be");
        Index = InputAt(file, section, _indexStart);
        _chunks = InputAt(file, section, _position);
        if (mapped && file.Handle is { } handle && MappedFile.TryMap(handle, section.Position, section.Length) is { } mapping)
        {
            _mapping = mapping;
            try
            {
                Check(file, section);
            }
            catch
            {
                mapping.Dispose();
                throw;
            }
        }
    }

    /// <summary>The index, from its beginning.</summary>
    public CheckpointInput Index { get; }

    /// <summary>Makes a section ready to be used.</summary>
    /// <param name="file">The checkpoint, which stays open until the section was read.</param>
    /// <param name="section">Where it lies.</param>
    /// <param name="mapped">Whether its chunks may be the file's pages; they are read into memory otherwise, each checked when it is.</param>
    /// <exception cref="CheckpointCorruptException">It is damaged.</exception>
    public static CheckpointPages Open(IFile file, CheckpointSection section, bool mapped = true) => new(file, section, mapped);

    /// <summary>Adds the next chunk to those of a table.</summary>
    /// <param name="table">Not read by anyone yet.</param>
    /// <param name="blocks">Blocks that the chunk has; fewer than all only where it is cut, and the rest is zero then.</param>
    /// <exception cref="CheckpointCorruptException">There are not so many.</exception>
    public void AddChunk<T>(BlockTable<T> table, int blocks)
        where T : unmanaged
    {
        var bytes = (int)((long)table.ChunkBytes / table.ChunkBlocks * blocks);
        if (bytes > _indexStart - _position) throw new CheckpointCorruptException("it has fewer pages than it says");
        if (_mapping is { } mapping && blocks == table.ChunkBlocks)
        {
            table.AddChunk(mapping, _position);
        }
        else
        {
            table.AddChunk();
            var chunk = MemoryMarshal.AsBytes(table.ChunkAt(table.ChunkCount - 1))[..bytes];
            if (_mapping is null) _chunks.Read(chunk);
            else _mapping.Slice(_position, bytes).CopyTo(chunk);
        }

        _position += bytes;
    }

    /// <summary>Says that all was read that should be.</summary>
    /// <exception cref="CheckpointCorruptException">There is more.</exception>
    public void End()
    {
        if (_position != _indexStart) throw new CheckpointCorruptException($"it has {_indexStart - _position} bytes of pages that its index does not know");
        if (Index.Read<int>() != _indexBytes) throw new CheckpointCorruptException("an index is longer than what it should have");
        Index.End();
    }

    // Blocks are checked whole: from that on in which it lies.
    private static CheckpointInput InputAt(IFile file, CheckpointSection section, long offset)
    {
        var input = new CheckpointInput(file, section.From((int)(offset / CheckpointFormat.BlockBytes)));
        input.Take((int)(offset % CheckpointFormat.BlockBytes));
        return input;
    }

    // By reading it: threads that have a mapping's pages made ready hold up each other, and whoever asks the system for memory.
    private static void Check(IFile file, CheckpointSection section)
    {
        var count = section.Checksums.Count;
        var threads = Math.Clamp(count / BlocksAThread, 1, Environment.ProcessorCount);
        if (threads == 1) Check(file, section, 0, count);
        else OwnThreads.Run(Enumerable.Range(0, threads).Select(thread => (Action)(() => Check(file, section, PartOf(thread), PartOf(thread + 1)))));

        int PartOf(int thread) => (int)((long)count * thread / threads);
    }

    private static void Check(IFile file, CheckpointSection section, int first, int end)
    {
        var buffer = new byte[CheckpointFormat.BlockBytes];
        for (var number = first; number < end; number++)
        {
            var start = (long)number * CheckpointFormat.BlockBytes;
            var block = buffer.AsSpan(0, (int)Math.Min(CheckpointFormat.BlockBytes, section.Length - start));
            if (file.Read(section.Position + start, block) < block.Length) throw new CheckpointCorruptException("it became shorter while it was read");
            if (Checksum.Of(block) != section.Checksums[number]) throw new CheckpointCorruptException($"the checksum at byte {section.Position + start} is wrong");
        }
    }
}
